/** What the harness knows of: 120 repositories of four organizations. */

const ORGANIZATIONS = ['acme-ai', 'birch-labs', 'northwind', ''];
const WORDS = ['whisper', 'tiny-bert', 'image-captions', 'sentences', 'vision', 'chat', 'ocr', 'embeddings', 'tables', 'speech'];

/** @typedef {{type: string, org: string, name: string}} Repo */

/** @type {Repo[]} those with the most downloads first */
export const repos = Array.from({ length: 120 }, (_, i) => {
  const org = ORGANIZATIONS[i % 8 === 7 ? 3 : i % 3];
  const name = `${WORDS[i % WORDS.length]}-${String(i).padStart(3, '0')}`;
  return { type: i % 4 === 3 ? 'dataset' : 'model', org, name: org ? `${org}/${name}` : name };
});

/**
 * Answers a look-up as the backend does, or undefined if the path is none.
 *
 * @param {string} path   below resources/
 * @param {URLSearchParams} params
 */
export function lookUp(path, params) {
  const search = (params.get('search') ?? '').toLowerCase();
  const types = params.getAll('repo_type');
  const orgs = params.getAll('org');
  switch (path) {
    case 'repo-types':
      return found(['model', 'dataset'].map((value) => ({ value, text: value })));
    case 'organizations':
      return found(
        [...ORGANIZATIONS]
          .sort()
          .filter((org) => org.includes(search))
          .map((value) => ({ value, text: value || '(no organization)' }))
      );
    case 'repos': {
      const offset = Number(params.get('offset') ?? 0);
      const matching = repos.filter(
        (r) =>
          r.name.toLowerCase().includes(search) &&
          (types.length === 0 || types.includes(r.type)) &&
          (orgs.length === 0 || orgs.includes(r.org))
      );
      const items = matching.slice(offset, offset + Number(params.get('limit') ?? 50));
      return { items: items.map((r) => ({ value: r.name, text: r.name })), matched: matching.length };
    }
    default:
      return undefined;
  }
}

function found(items) {
  return { items, matched: items.length };
}
