/**
 * What runs inside the page, before anything of it: notes when each numbered message was sent and when it was
 * painted, whether a painted page ever showed one twice or out of order, and every violation of the policy.
 *
 * The function is handed to the browser as text, so it uses nothing from outside itself.
 */

/** Installed as `globalThis.witness`. */
export function install() {
  const KEY = /\b([A-Z])-(\d{4})\b/;
  const witness = {
    /** When a message was sent from here, by its key. */
    sent: {},
    /** When one of somebody else was first painted here. */
    shown: {},
    /** When a picture of somebody else was first painted here. */
    pictures: {},
    /** When voice messages were sent from here, and when those of somebody else were painted, oldest first. */
    voicesSent: [],
    voicesShown: [],
    /** Keys that a painted page showed twice at once, or after a later one of the same author. */
    doubled: [],
    disordered: [],
    violations: [],
    /** Bytes of pictures and recordings that this browser had in clear: pieces to look for on its disk. */
    pieces: [],
  };
  globalThis.witness = witness;

  const keyIn = (text) => KEY.exec(text)?.[0] ?? null;
  const voices = new WeakSet();

  /** Looks at what is about to be painted. */
  function look() {
    const now = Date.now();
    const here = new Set();
    const last = {};
    for (const article of document.querySelectorAll('article.message')) {
      const mine = article.classList.contains('mine');
      if (!mine && article.querySelector('.voice') !== null && !voices.has(article)) {
        voices.add(article);
        witness.voicesShown.push(now);
      }
      const key = keyIn(article.querySelector('.body')?.textContent ?? '');
      if (key === null) continue;
      if (here.has(key)) witness.doubled.push(key);
      here.add(key);
      const author = key[0];
      if (last[author] !== undefined && last[author] > key) witness.disordered.push(`${last[author]} ${key}`);
      last[author] = key;
      if (!mine) witness.shown[key] ??= now;
    }
  }
  let due = false;
  new MutationObserver(() => {
    if (due) return;
    due = true;
    requestAnimationFrame(() => {
      due = false;
      look();
    });
  }).observe(document, { childList: true, subtree: true, characterData: true });

  document.addEventListener(
    'load',
    (event) => {
      if (!(event.target instanceof HTMLImageElement)) return;
      const article = event.target.closest('article.message:not(.mine)');
      const key = article === null ? null : keyIn(article.textContent ?? '');
      if (key !== null) witness.pictures[key] ??= Date.now();
    },
    true,
  );
  addEventListener(
    'keydown',
    (event) => {
      if (event.key !== 'Enter' || !event.ctrlKey || !(event.target instanceof HTMLTextAreaElement)) return;
      const key = keyIn(event.target.value);
      if (key !== null) witness.sent[key] = Date.now();
    },
    true,
  );
  addEventListener(
    'click',
    (event) => {
      const recorder = event.target instanceof Element ? event.target.closest('.recorder') : null;
      // Where a recording can be listened to, the one button in colour sends it.
      if (recorder?.querySelector('.voice') && event.target.closest('button.primary') !== null)
        witness.voicesSent.push(Date.now());
    },
    true,
  );
  document.addEventListener('securitypolicyviolation', (event) => {
    witness.violations.push(`${event.effectiveDirective} ${event.blockedURI}`);
  });

  /** Keeps 64 bytes from the middle of something in clear. */
  async function keep(what, blob) {
    const bytes = new Uint8Array(await blob.arrayBuffer());
    const at = Math.max(0, Math.floor(bytes.length / 2) - 32);
    if (bytes.length >= 64) witness.pieces.push({ what, bytes: [...bytes.slice(at, at + 64)] });
  }
  const toBlob = HTMLCanvasElement.prototype.toBlob;
  HTMLCanvasElement.prototype.toBlob = function (then, ...rest) {
    return toBlob.call(
      this,
      (blob) => {
        if (blob !== null) void keep('picture', blob);
        then(blob);
      },
      ...rest,
    );
  };
  globalThis.MediaRecorder = class extends MediaRecorder {
    constructor(...given) {
      super(...given);
      this.addEventListener('dataavailable', (event) => void keep('recording', event.data));
    }
  };
}
