import type { DataSourcePluginOptionsEditorProps } from '@grafana/data';
import { Auth, AuthMethod, ConfigSection, ConnectionSettings, convertLegacyAuthProps } from '@grafana/plugin-ui';
import { Divider } from '@grafana/ui';

import { SettingField } from './SettingField';
import { checkEndpoint, HUB, type AnalyticsOptions, type AnalyticsSecrets } from './settings';
import { TimeoutField } from './TimeoutField';

type Props = DataSourcePluginOptionsEditorProps<AnalyticsOptions, AnalyticsSecrets>;

/** How to reach an exporter: its address, and what a proxy or its web configuration asks for. */
export function ExporterSettings({ options, onOptionsChange }: Props) {
  const { jsonData, readOnly } = options;
  return (
    <>
      <ConnectionSettings
        config={options}
        onChange={onOptionsChange}
        urlPlaceholder="http://localhost:10061"
        urlTooltip="The address of huggingface_exporter, as Grafana's server reaches it. The path in front of /api/v1 belongs to it, if there is one."
      />
      <Divider spacing={4} />
      <Auth
        {...convertLegacyAuthProps({ config: options, onChange: onOptionsChange })}
        visibleMethods={[AuthMethod.NoAuth, AuthMethod.BasicAuth]}
      />
      <Divider spacing={4} />
      <ConfigSection title="Additional settings" isCollapsible isInitiallyOpen={!!(jsonData.timeout || jsonData.endpoint)}>
        <SettingField
          id="exporter-endpoint"
          label="Hub"
          disabled={readOnly}
          tooltip="Where repositories link to, if the Hub is not at its usual address. Nothing is sent there."
          placeholder={HUB}
          value={jsonData.endpoint}
          error={checkEndpoint(jsonData.endpoint)}
          onChange={(text) => onOptionsChange({ ...options, jsonData: { ...jsonData, endpoint: text || undefined } })}
        />
        <TimeoutField
          value={jsonData.timeout}
          placeholder="30"
          disabled={readOnly}
          onChange={(timeout) => onOptionsChange({ ...options, jsonData: { ...jsonData, timeout } })}
        />
      </ConfigSection>
    </>
  );
}
