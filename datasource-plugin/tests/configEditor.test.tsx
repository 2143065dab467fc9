import { render, screen } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { useState } from 'react';
import { describe, expect, it } from 'vitest';

import { checkDuration, checkEndpoint, checkMemory } from '../src/config/settings';
import { ConfigEditor } from '../src/config/ConfigEditor';

const DURATION = 'A duration from 10m to 90d, like 6h or 1d';

function show(settings: Record<string, unknown> = {}) {
  let now: any = { id: 1, url: '', jsonData: {}, secureJsonFields: {}, secureJsonData: {}, ...settings };
  function Page() {
    const [options, setOptions] = useState(now);
    now = options;
    return <ConfigEditor options={options} onOptionsChange={setOptions} />;
  }
  render(<Page />);
  return () => now;
}

describe('the settings', () => {
  it('are those of an exporter unless told otherwise', async () => {
    const settings = show();
    expect(screen.getByRole<HTMLInputElement>('radio', { name: 'An exporter' }).checked).toBe(true);
    await userEvent.type(screen.getByLabelText('Data source connection URL'), 'http://exporter:10061');
    expect(settings().url).toBe('http://exporter:10061');
    expect(screen.queryByLabelText('Organization *')).toBeNull();
  });

  it('of the Hub are an organization and a token, which is kept apart', async () => {
    const settings = show();
    await userEvent.click(screen.getByRole('radio', { name: 'The Hub itself' }));
    await userEvent.type(screen.getByLabelText(/^Organization/), 'acme-ai');
    await userEvent.type(screen.getByPlaceholderText('hf_...'), ' hf_secret ');
    expect(settings().jsonData).toEqual({ connection: 'hub', organization: 'acme-ai' });
    expect(settings().secureJsonData).toEqual({ token: 'hf_secret' });
  });

  it('never show a stored token, and forget it on demand', async () => {
    const settings = show({ jsonData: { connection: 'hub' }, secureJsonFields: { token: true } });
    const token = screen.getByPlaceholderText<HTMLInputElement>('hf_...');
    expect(token.disabled).toBe(true);
    expect(token.value).toBe('configured');
    await userEvent.click(screen.getByRole('button', { name: /reset/i }));
    expect(settings().secureJsonFields.token).toBe(false);
    expect(settings().secureJsonData.token).toBe('');
  });

  it('take a longest wait, for either connection', async () => {
    const settings = show({ jsonData: { timeout: 9 } });
    await userEvent.type(screen.getByLabelText(/^Timeout/), '0');
    expect(settings().jsonData.timeout).toBe(90);
    await userEvent.click(screen.getByRole('radio', { name: 'The Hub itself' }));
    expect(screen.getByLabelText<HTMLInputElement>(/^Timeout/).value).toBe('90');
    await userEvent.clear(screen.getByLabelText(/^Timeout/));
    expect(settings().jsonData.timeout).toBeUndefined();
  });

  it('say what is wrong with a duration and with the memory', async () => {
    const settings = show({ jsonData: { connection: 'hub', refreshInterval: '6' } });
    expect(screen.getByText(DURATION)).toBeTruthy();
    await userEvent.type(screen.getByLabelText(/^Refresh every/), 'h');
    expect(settings().jsonData.refreshInterval).toBe('6h');
    expect(screen.queryByText(DURATION)).toBeNull();
    await userEvent.type(screen.getByLabelText(/^Memory limit/), '0');
    expect(screen.getByText('A whole number of MiB, from 1')).toBeTruthy();
    await userEvent.clear(screen.getByLabelText(/^Memory limit/));
    expect(settings().jsonData.memoryLimitMiB).toBeUndefined();
  });
});

describe('checks of settings', () => {
  it('let through what is right, and nothing', () => {
    for (const text of [undefined, '', '6h', '30m', '1h30m', '600s', '1.5h', '1d', '90d', '2w']) {
      expect(checkDuration(text), text).toBeUndefined();
    }
    for (const text of [undefined, '', 'https://huggingface.co', 'http://mirror:8080/hub']) {
      expect(checkEndpoint(text), text).toBeUndefined();
    }
    expect(checkMemory(undefined)).toBeUndefined();
    expect(checkMemory(256)).toBeUndefined();
  });

  it('find what is wrong', () => {
    for (const text of ['6', 'h', '6 h', '-6h', '9m', '599s', '91d', '1x', '6hours']) {
      expect(checkDuration(text), text).toBeDefined();
    }
    for (const text of ['huggingface.co', 'ftp://x', 'https://']) {
      expect(checkEndpoint(text), text).toBeDefined();
    }
    for (const n of [0, -1, 1.5, NaN, 1024 * 1024 + 1]) {
      expect(checkMemory(n), String(n)).toBeDefined();
    }
  });
});
