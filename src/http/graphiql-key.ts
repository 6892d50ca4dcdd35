// What is added to the GraphiQL page so that the API key is entered once: a prompt, and a fetch that sends the key.

/**
 * GraphiQL's requests wait until there is a key. It is kept in the browser's local storage, for this origin alone; one
 * that the gateway refuses is forgotten and asked for again. A key in GraphiQL's own headers editor wins.
 */
const script = `
(() => {
  const storageKey = 'throughline:key';
  const form = document.querySelector('#throughline-key');
  const change = document.querySelector('#throughline-change-key');
  const send = window.fetch.bind(window);
  let asking;

  function ask(complaint) {
    form.querySelector('output').textContent = complaint;
    form.hidden = false;
    change.hidden = true;
    form.querySelector('input').focus();
    asking ??= new Promise((resolve) => {
      form.onsubmit = (event) => {
        event.preventDefault();
        const key = form.querySelector('input').value.trim().replace(/^bearer +/i, '');
        if (!/^[!-~]+$/.test(key)) return;
        localStorage.setItem(storageKey, key);
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
      const key = localStorage.getItem(storageKey) ?? (await ask(complaint));
      headers.set('authorization', 'Bearer ' + key);
      const response = await send(input, { ...init, headers });
      if (response.status !== 401) return response;
      if (localStorage.getItem(storageKey) === key) localStorage.removeItem(storageKey);
      complaint = 'The gateway does not know that key.';
    }
  };

  change.onclick = () => {
    localStorage.removeItem(storageKey);
    location.reload();
  };
  if (!localStorage.getItem(storageKey)) ask('');
})();
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

/** Comes before the element that GraphiQL is drawn into, and before its script. */
export const keyPrompt = `<style>${style}</style>
<form id="throughline-key" role="dialog" aria-modal="true" hidden><div>
  <label for="throughline-key-field">API key</label>
  <p>The admin’s key was printed when the gateway first started. It is kept in this browser.</p>
  <input id="throughline-key-field" type="password" autocomplete="off" spellcheck="false" required>
  <output></output>
  <button>Use this key</button>
</div></form>
<button id="throughline-change-key" type="button">Change API key</button>
<script>${script}</script>
`;
