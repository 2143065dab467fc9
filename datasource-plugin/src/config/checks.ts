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
