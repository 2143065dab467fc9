import { cleanup, configure } from '@testing-library/react';
import { afterEach } from 'vitest';

afterEach(cleanup);

// Waiting ends as soon as what is waited for is there, however slow the machine. What is
// hidden counts too: to find out is slow in jsdom, and nothing is hidden but closed menus.
configure({ asyncUtilTimeout: 20_000, defaultHidden: true });

// What jsdom has not, and Grafana's components look for.
class Observer {
  observe() {}
  unobserve() {}
  disconnect() {}
  takeRecords() {
    return [];
  }
}
Object.assign(globalThis, { ResizeObserver: Observer, IntersectionObserver: Observer });
if (typeof window !== 'undefined') {
  window.matchMedia ??= ((query: string) => ({
    matches: false,
    media: query,
    addEventListener() {},
    removeEventListener() {},
    addListener() {},
    removeListener() {},
  })) as never;
  // Lists render only those of their options that have room.
  const box = { x: 0, y: 0, top: 0, left: 0, right: 300, bottom: 300, width: 300, height: 300 };
  Element.prototype.getBoundingClientRect = () => ({ ...box, toJSON: () => box });
  for (const side of ['clientHeight', 'clientWidth']) {
    Object.defineProperty(Element.prototype, side, { configurable: true, get: () => 300 });
  }
  HTMLCanvasElement.prototype.getContext = (() => ({ measureText: (text: string) => ({ width: text.length * 8 }) })) as never;
}
