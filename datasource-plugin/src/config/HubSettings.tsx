import type { DataSourcePluginOptionsEditorProps } from '@grafana/data';
import { ConfigSection } from '@grafana/plugin-ui';
import { Divider, InlineField, SecretInput, TextLink } from '@grafana/ui';

import { checkDuration, checkEndpoint, checkMemory, HUB, TOKENS, type AnalyticsOptions, type AnalyticsSecrets } from './settings';
import { FIELD_WIDTH, LABEL_WIDTH, numberOf, SettingField } from './SettingField';
import { TimeoutField } from './TimeoutField';

type Props = DataSourcePluginOptionsEditorProps<AnalyticsOptions, AnalyticsSecrets>;

/** How to read from the Hub itself: the organization, a token for it, and how often. */
export function HubSettings({ options, onOptionsChange }: Props) {
  const { jsonData, readOnly } = options;
  const set = (members: Partial<AnalyticsOptions>) => onOptionsChange({ ...options, jsonData: { ...jsonData, ...members } });
  const { organization, refreshInterval, memoryLimitMiB, endpoint, timeout } = jsonData;
  return (
    <>
      <ConfigSection title="Organization">
        <SettingField
          id="hub-organization"
          label="Organization"
          required
          disabled={readOnly}
          tooltip={`Its name as in the address of its page: ${HUB}/<name>`}
          placeholder="my-org"
          value={organization}
          onChange={(text) => set({ organization: text })}
        />
        <TokenField options={options} onOptionsChange={onOptionsChange} />
      </ConfigSection>
      <Divider spacing={4} />
      <ConfigSection
        title="Additional settings"
        isCollapsible
        isInitiallyOpen={!!(refreshInterval || memoryLimitMiB || endpoint || timeout)}
      >
        <SettingField
          id="hub-refresh"
          label="Refresh every"
          disabled={readOnly}
          tooltip="How often the counts are refreshed. The Hub updates them about once a day."
          placeholder="6h"
          value={refreshInterval}
          error={checkDuration(refreshInterval)}
          onChange={(text) => set({ refreshInterval: text || undefined })}
        />
        <SettingField
          id="hub-memory"
          label="Memory limit (MiB)"
          number
          disabled={readOnly}
          tooltip="The most memory that the history may take in the plugin. Ten million daily records need about 20 MiB."
          placeholder="512"
          value={memoryLimitMiB}
          error={checkMemory(memoryLimitMiB)}
          onChange={(text) => set({ memoryLimitMiB: numberOf(text) })}
        />
        <SettingField
          id="hub-endpoint"
          label="Endpoint"
          disabled={readOnly}
          tooltip="Where the Hub is, if not at its usual address: that of a mirror, for instance. The token is sent there."
          placeholder={HUB}
          value={endpoint}
          error={checkEndpoint(endpoint)}
          onChange={(text) => set({ endpoint: text || undefined })}
        />
        <TimeoutField
          value={timeout}
          placeholder="120"
          disabled={readOnly}
          onChange={(seconds) => set({ timeout: seconds })}
        />
      </ConfigSection>
    </>
  );
}

/** The Hub's access token, which Grafana keeps encrypted and never shows again. */
function TokenField({ options, onOptionsChange }: Props) {
  const { secureJsonData, secureJsonFields, readOnly } = options;
  const set = (token: string, isConfigured: boolean) =>
    onOptionsChange({
      ...options,
      secureJsonFields: { ...secureJsonFields, token: isConfigured },
      secureJsonData: { ...secureJsonData, token },
    });
  return (
    <InlineField
      label="Access token"
      labelWidth={LABEL_WIDTH}
      htmlFor="hub-token"
      required
      disabled={readOnly}
      interactive
      tooltip={
        <>
          A token that may read the organization&apos;s publisher analytics, made in{' '}
          <TextLink href={TOKENS} external inline>
            your settings on the Hub
          </TextLink>
          . It is kept encrypted, and sent to the Hub only.
        </>
      }
    >
      <SecretInput
        id="hub-token"
        width={FIELD_WIDTH}
        placeholder="hf_..."
        isConfigured={!!secureJsonFields?.token}
        value={secureJsonData?.token ?? ''}
        onChange={(event) => set(event.currentTarget.value.trim(), false)}
        onReset={() => set('', false)}
      />
    </InlineField>
  );
}
