import type { DataSourceJsonData } from '@grafana/data';

export type Connection = 'exporter' | 'hub';

/** The settings of a data source, but for its URL, authentication and TLS, which Grafana keeps. */
export interface AnalyticsOptions extends DataSourceJsonData {
  /** Where the history is from. exporter if absent. */
  connection?: Connection;
  /** The organization on the Hub, of hub. */
  organization?: string;
  /** Where the Hub is: what repositories link to, and of hub what is read. */
  endpoint?: string;
  /** How often the history is read anew, as 6h or 30m, of hub. */
  refreshInterval?: string;
  /** The most memory that the history may take, in MiB, of hub. */
  memoryLimitMiB?: number;
  /** The longest wait for an answer to begin, and for each further piece of it, in seconds. */
  timeout?: number;
}

export interface AnalyticsSecrets {
  /** The Hub's access token, of hub. */
  token?: string;
}

/** The name of the plugin, as in plugin.json. */
export const NAME = 'Hugging Face Publisher Analytics';

const REPOSITORY = 'https://github.com/huggingface-exporter/huggingface_exporter';

export const DOCS = `${REPOSITORY}/tree/main/datasource-plugin`;

/** Where the Hub is, unless a setting says otherwise. */
export const HUB = 'https://huggingface.co';

/** Where access tokens of the Hub are made. */
export const TOKENS = `${HUB}/settings/tokens`;

// What is wrong with a setting, in words for the user; undefined if nothing is.
// The backend has the last word.

const SECONDS: Record<string, number> = { s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 };
const LEAST = 10 * SECONDS.m;
const MOST = 90 * SECONDS.d;

const MAX_MEMORY = 1024 * 1024;
const MAX_TIMEOUT = SECONDS.d;

/** An address with http or https, or none. */
export function checkEndpoint(text?: string): string | undefined {
  return !text || /^https?:\/\/[^\s/]+/.test(text) ? undefined : 'An address like https://huggingface.co';
}

/** A duration like 6h, 1d or 1h30m from ten minutes to ninety days, or none. */
export function checkDuration(text?: string): string | undefined {
  if (!text) {
    return undefined;
  }
  let seconds = 0;
  const rest = text.replace(/(\d+(?:\.\d+)?)([smhdw])/g, (_, n: string, unit: string) => {
    seconds += Number(n) * SECONDS[unit];
    return '';
  });
  return rest === '' && seconds >= LEAST && seconds <= MOST ? undefined : 'A duration from 10m to 90d, like 6h or 1d';
}

/** A whole number of MiB, or none. */
export function checkMemory(n?: number): string | undefined {
  return inRange(n, MAX_MEMORY) ? undefined : 'A whole number of MiB, from 1';
}

/** A whole number of seconds, or none. */
export function checkTimeout(n?: number): string | undefined {
  return inRange(n, MAX_TIMEOUT) ? undefined : 'A whole number of seconds, from 1';
}

function inRange(n: number | undefined, most: number): boolean {
  return n === undefined || n === null || (Number.isInteger(n) && n >= 1 && n <= most);
}
