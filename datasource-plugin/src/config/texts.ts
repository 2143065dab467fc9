/** The name of the plugin, as in plugin.json. */
export const NAME = 'Hugging Face Publisher Analytics';

const REPOSITORY = 'https://github.com/huggingface-exporter/huggingface_exporter';

export const DOCS = `${REPOSITORY}/tree/main/datasource-plugin`;

/** Where the Hub is, unless a setting says otherwise. */
export const HUB = 'https://huggingface.co';

/** Where access tokens of the Hub are made. */
export const TOKENS = `${HUB}/settings/tokens`;
