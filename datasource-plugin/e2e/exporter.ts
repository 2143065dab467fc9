import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';

import type { APIRequestContext } from '@playwright/test';

import { SOURCE } from './grafana';

const run = promisify(execFile);
const root = path.resolve(import.meta.dirname, '../..');

/** What a question selects, by the names of the exporter's API. */
export type Selection = Record<string, string>;

export interface Sums {
  repo_type?: string;
  org?: string;
  repos: number;
  total: number;
  downloads: number;
  before: number | null;
  change: number | null;
}

export interface Overview {
  recorded: { from: string; to: string };
  sum: Sums;
  groups: Sums[];
}

/** The exporter that the data source asks: EXPORTER_URL, or what the data source itself says. */
export async function address(request: APIRequestContext): Promise<string> {
  if (process.env.EXPORTER_URL) {
    return process.env.EXPORTER_URL;
  }
  const answer = await request.get(`/api/datasources/uid/${SOURCE}`);
  const { url } = await answer.json();
  if (!answer.ok() || !url) {
    throw new Error(`expected Grafana to tell the address of the data source ${SOURCE}, got ${answer.status()} and ${url}: set EXPORTER_URL`);
  }
  return url;
}

async function get(request: APIRequestContext, route: string, selection: Selection) {
  const answer = await request.get(`${await address(request)}/api/v1/${route}?${new URLSearchParams(selection)}`);
  if (!answer.ok()) {
    throw new Error(`expected the exporter to answer ${answer.url()}, got ${answer.status()}: ${await answer.text()}`);
  }
  return answer;
}

/** The sums of what is selected, and those of each repository type. */
export async function overview(request: APIRequestContext, selection: Selection): Promise<Overview> {
  return (await get(request, 'overview', { group_by: 'repo_type', ...selection })).json();
}

/** The names of the repositories of a page of the exporter's table. */
export async function repos(request: APIRequestContext, selection: Selection): Promise<string[]> {
  const { rows } = await (await get(request, 'repos', selection)).json();
  return rows.map((row: { repo: string }) => row.repo);
}

/** The records of what is selected, as the exporter writes them. */
export async function records(request: APIRequestContext, selection: Selection): Promise<Buffer> {
  return (await get(request, 'records', { format: 'csv', ...selection })).body();
}

/** The organization with the most downloads. */
export async function largestOrg(request: APIRequestContext): Promise<string> {
  const { groups } = await overview(request, { group_by: 'org' });
  return groups.reduce((a, b) => (b.downloads > a.downloads ? b : a)).org ?? '';
}

/** The day some days before another. */
export function daysBefore(day: string, days: number): string {
  return new Date(Date.parse(`${day}T00:00:00Z`) - days * 86_400_000).toISOString().slice(0, 10);
}

/** Whether the exporter's folder of data is on this machine, so that its commands can be asked, too. */
export const hasStore = Boolean(process.env.STORAGE);

/** What a command of the exporter prints about the same data. */
export async function command(name: string, flags: string[]): Promise<Buffer> {
  const binary = process.env.BINARY ?? path.join(root, 'bin/huggingface_exporter');
  const { stdout } = await run(binary, [name, `--storage.path=${process.env.STORAGE}`, ...flags], {
    encoding: 'buffer',
    maxBuffer: 1 << 30,
  });
  return stdout;
}
