import type { DataSourcePluginOptionsEditorProps } from '@grafana/data';
import { ConfigSection, DataSourceDescription } from '@grafana/plugin-ui';
import { Divider, RadioButtonGroup, Text } from '@grafana/ui';

import { DOCS, NAME, type AnalyticsOptions, type AnalyticsSecrets, type Connection } from './settings';
import { ExporterSettings } from './ExporterSettings';
import { HubSettings } from './HubSettings';

type Props = DataSourcePluginOptionsEditorProps<AnalyticsOptions, AnalyticsSecrets>;

const CONNECTIONS: Array<{ value: Connection; label: string; explained: string }> = [
  {
    value: 'exporter',
    label: 'An exporter',
    explained:
      'huggingface_exporter runs as a service, collects the counts and keeps their history. Best for long histories, several organizations, and when Prometheus is to have the counts as well.',
  },
  {
    value: 'hub',
    label: 'The Hub itself',
    explained:
      'This plugin reads the publisher analytics of one organization from the Hub, and keeps them in memory. Nothing else has to run. The organization needs a Team or Enterprise plan.',
  },
];

/** The settings of a data source. */
export function ConfigEditor({ options, onOptionsChange }: Props) {
  const connection = options.jsonData.connection ?? 'exporter';
  const { explained } = CONNECTIONS.find((c) => c.value === connection) ?? CONNECTIONS[0];
  const choose = (chosen: Connection) =>
    onOptionsChange({ ...options, jsonData: { ...options.jsonData, connection: chosen } });
  return (
    <>
      <DataSourceDescription dataSourceName={NAME} docsLink={DOCS} hasRequiredFields />
      <Divider spacing={4} />
      <ConfigSection title="Get the download counts from">
        <RadioButtonGroup
          aria-label="Get the download counts from"
          options={CONNECTIONS.map(({ value, label }) => ({ value, label }))}
          value={connection}
          onChange={choose}
          disabled={options.readOnly}
        />
        <div style={{ maxWidth: 578, marginTop: 8 }}>
          <Text color="secondary">{explained}</Text>
        </div>
      </ConfigSection>
      <Divider spacing={4} />
      {connection === 'hub' ? (
        <HubSettings options={options} onOptionsChange={onOptionsChange} />
      ) : (
        <ExporterSettings options={options} onOptionsChange={onOptionsChange} />
      )}
    </>
  );
}
