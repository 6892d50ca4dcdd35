// The GraphiQL page: its document, and the script and style of its key dialog.
import { samples } from './graphiql-samples.ts';

export interface PageParts {
  /** Addresses of the page's files, relative to the page. */
  readonly urlOf: (file: PageFile) => string;
  /** GraphiQL's own style sheet. */
  readonly css: string;
  /** A data URL. */
  readonly favicon: string;
}

export const pageFiles = [
  'graphiql.js',
  'page.js',
  'editor.worker.js',
  'json.worker.js',
  'graphql.worker.js',
] as const;
export type PageFile = (typeof pageFiles)[number];

/** Every address is relative to the page's own, so that the page works behind a path prefix and a TLS proxy. */
export function pageHtml({ urlOf, css, favicon }: PageParts): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Throughline</title>
<link rel="icon" href="${favicon}">
<style>${css}</style>
<style>${style}</style>
</head>
<body class="no-focus-outline">
<noscript>This page needs JavaScript.</noscript>
<form id="throughline-key" role="dialog" aria-modal="true" aria-labelledby="throughline-key-label" hidden><div>
  <label id="throughline-key-label" for="throughline-key-field">API key</label>
  <p>The admin key of a first start is in the file admin-key of the data folder. This tab keeps it until it is closed.</p>
  <input id="throughline-key-field" type="password" autocomplete="off" spellcheck="false" required>
  <output></output>
  <button>Use this key</button>
</div></form>
<button id="throughline-change-key" type="button">Change API key</button>
<div id="root"></div>
<script src="${urlOf('graphiql.js')}"></script>
<script src="${urlOf('page.js')}"></script>
</body>
</html>
`;
}

/** Starts GraphiQL, once its requests have the key dialog in front of them. */
export function pageScript(urlOf: PageParts['urlOf']): string {
  const workers = {
    editorWorkerService: urlOf('editor.worker.js'),
    json: urlOf('json.worker.js'),
    graphql: urlOf('graphql.worker.js'),
  };
  return `
(() => {
${keyDialog}

  const workers = ${JSON.stringify(workers)};
  self.MonacoEnvironment = { globalAPI: false, getWorkerUrl: (_module, label) => workers[label] };
  YogaGraphiQL.renderYogaGraphiQL(document.querySelector('#root'), {
    title: 'Throughline',
    defaultTabs: ${JSON.stringify(samples)},
  });
})();
`;
}

/**
 * GraphiQL's requests wait until a key was accepted: one with which the gateway answered who the caller is. The key is kept
 * in the tab's session storage; a key in GraphiQL's own headers editor takes precedence.
 */
const keyDialog = `
  const storageKey = 'throughline:key';
  const form = document.querySelector('#throughline-key');
  const change = document.querySelector('#throughline-change-key');
  const field = form.querySelector('input');
  const output = form.querySelector('output');
  const send = window.fetch.bind(window);
  let asking;

  /** What is wrong with the key, or '' where the gateway accepted it. */
  async function problemOf(key) {
    if (!/^[!-~]+$/.test(key)) return 'A key consists of printable ASCII characters without spaces.';
    try {
      const response = await send(location.pathname, {
        method: 'POST',
        headers: { authorization: 'Bearer ' + key, 'content-type': 'application/json', accept: 'application/json' },
        body: JSON.stringify({ query: '{ viewer { name } }' }),
      });
      if (response.status === 401) return 'The gateway does not know this key.';
      const { data } = await response.json();
      return typeof data.viewer.name === 'string' ? '' : 'The gateway gave no answer with this key.';
    } catch {
      return 'The gateway did not answer. Is it running?';
    }
  }

  function ask(complaint) {
    output.textContent = complaint;
    form.hidden = false;
    change.hidden = true;
    field.focus();
    asking ??= new Promise((resolve) => {
      form.onsubmit = async (event) => {
        event.preventDefault();
        const key = field.value.trim().replace(/^bearer +/i, '');
        output.textContent = '…';
        const problem = await problemOf(key);
        output.textContent = problem;
        if (problem !== '') return;
        sessionStorage.setItem(storageKey, key);
        form.reset();
        form.hidden = true;
        change.hidden = false;
        asking = undefined;
        resolve(key);
      };
    });
    return asking;
  }

  window.fetch = async (input, init) => {
    const headers = new Headers(init && init.headers);
    if (headers.has('authorization') || headers.has('x-api-key')) return send(input, init);
    let complaint = '';
    for (;;) {
      const key = sessionStorage.getItem(storageKey) ?? (await ask(complaint));
      headers.set('authorization', 'Bearer ' + key);
      const response = await send(input, { ...init, headers });
      if (response.status !== 401) return response;
      if (sessionStorage.getItem(storageKey) === key) sessionStorage.removeItem(storageKey);
      complaint = 'The gateway does not know this key.';
    }
  };

  change.onclick = () => {
    sessionStorage.removeItem(storageKey);
    location.reload();
  };
  if (!sessionStorage.getItem(storageKey)) ask('');
`;

const style = `
#throughline-key { position: fixed; inset: 0; z-index: 1000; display: grid; place-items: center; background: #10182899; }
#throughline-key[hidden], #throughline-change-key[hidden] { display: none; }
#throughline-key div { width: min(26rem, 90vw); padding: 1.5rem; border-radius: 0.5rem; background: #fff; color: #1f2937; font: 16px/1.5 system-ui, sans-serif; box-shadow: 0 1rem 3rem #0006; }
#throughline-key label { display: block; font-weight: 600; }
#throughline-key p { margin: 0.25rem 0 0.75rem; font-size: 14px; }
#throughline-key input { box-sizing: border-box; width: 100%; padding: 0.5rem; border: 1px solid #9ca3af; border-radius: 0.25rem; font: inherit; background: #fff; color: inherit; }
#throughline-key output { display: block; min-height: 1.5rem; color: #b91c1c; font-size: 14px; }
#throughline-key button { padding: 0.5rem 1rem; border: 0; border-radius: 0.25rem; background: #1d4ed8; color: #fff; font: inherit; cursor: pointer; }
#throughline-change-key { position: fixed; right: 1rem; bottom: 0.5rem; z-index: 10; padding: 0.125rem 0.5rem; border: 0; background: none; color: #6b7280; font: 12px system-ui, sans-serif; text-decoration: underline; cursor: pointer; }
`;
