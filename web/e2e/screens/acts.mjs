/**
 * What is done on a page over made-up people before it is looked at. Nothing here reads words of one language: a page
 * is staged the same way in each.
 */

const id = (kind, number) => kind.toString(16).padStart(8, '0') + number.toString(16).padStart(24, '0');

/** The path of a made-up thread. */
export const thread = (number) => `/thread/${id(5, number)}`;

/** A failure as the worker says it. */
export const refused = (code) => ({ kind: 'refused', code });
export const local = (code) => ({ kind: 'local', code });
export const hostile = (code) => ({ kind: 'hostile', code });
export const UNREACHABLE = { kind: 'offline', code: 'unreachable' };

/** The next call of this name fails. */
export const failNext = (page, name, why) =>
  page.evaluate(([call, failure]) => globalThis.fake.failNext(call, failure), [name, why]);

/** The worker says something. */
export const emit = (page, note) => page.evaluate((said) => globalThis.fake.emit(said), note);

/** The connection becomes another one. */
export const link = (page, now) => page.evaluate((said) => globalThis.fake.setLink(said), now);

/** The button of a form, or the only one that fits. */
export const submit = (page) => page.locator('button[type=submit]').first().click();

export async function fillSignIn(page) {
  await page.locator('input[type=email]').fill('ines@demo.example');
  await page.locator('input[type=password]').fill('demonstration-relais');
}

export async function toCode(page) {
  await fillSignIn(page);
  await submit(page);
  await page.locator('input.code').waitFor();
}

export async function fillRegister(page) {
  await page.locator('input[autocomplete=name]').fill('Inès Belmont');
  await page.locator('input[type=email]').fill('ines@demo.example');
  await page.locator('input[type=password]').fill('quatre chevaux verts');
}

export async function fillRecover(page) {
  await page.locator('input[type=email]').fill('ines@demo.example');
  await page.locator('input[autocomplete=off]').fill('KMTR 7QPD W4XH 9ZCB 2FNE J6YS RV8G');
  await page.locator('input[type=password]').fill('quatre chevaux verts');
}

export async function writeCode(page, code) {
  await page.locator('input.code').fill(code);
  await submit(page);
}

/** Writes a message and sends it. */
export async function write(page, text) {
  await page.locator('textarea').fill(text);
  await page.keyboard.press('Control+Enter');
}

/** Chooses files for a message. */
export const attach = (page, ...files) => page.locator('input[type=file]').setInputFiles(files);

/** Opens who takes part, where they are not shown already. */
export async function people(page) {
  const button = page.locator('button.people');
  if (await button.isVisible()) await button.click();
  await page.locator('.aside:visible').waitFor();
  return page.locator('.aside:visible');
}

/** The last button of the open dialog, which does what the dialog is for. */
export const confirm = (page) => page.locator('[role=dialog] .foot button').last().click();

/** The message at this place from the end becomes another one. */
export const change = (page, number, content, delivery) =>
  page.evaluate(
    ([of, next, way]) => {
      const { entries } = globalThis.relais.conversation;
      const last = entries.filter((entry) => entry.mine || way === null).at(-1);
      const upsert = [{ ...last, content: next ?? last.content, delivery: way ?? last.delivery }];
      globalThis.fake.emit({ t: 'entries', thread: of, upsert, dropDrafts: [] });
    },
    [id(5, number), content, delivery],
  );

/** Pastes a text. */
export const paste = (page, text) =>
  page.locator('textarea').evaluate((box, pasted) => {
    const data = new DataTransfer();
    data.setData('text/plain', pasted);
    box.dispatchEvent(new ClipboardEvent('paste', { clipboardData: data, bubbles: true, cancelable: true }));
  }, text);
