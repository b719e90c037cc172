/** The screens around the threads: home, a new thread, settings, what is said everywhere. */
import {
  UNREACHABLE,
  confirm,
  emit,
  failNext,
  hostile,
  link,
  local,
  refused,
  submit,
  thread,
  write,
} from './acts.mjs';

/** Milliseconds until the next try of a connection; the time of the pictures stands still. */
const RETRY_MS = 12_000;
const offline = async (page) => {
  await page.locator('a.row, .log').first().waitFor({ state: 'attached' });
  await page.evaluate(
    (wait) =>
      globalThis.fake.setLink({
        state: 'offline',
        retryAt: globalThis.relais.now + wait,
        since: globalThis.relais.now,
      }),
    RETRY_MS,
  );
};
const rows = (page) => page.locator('a.row').first().waitFor();
const stopped = (why) => async (page) => {
  await rows(page);
  await link(page, { state: 'stopped', why });
};
const everywhere = (why) => async (page) => {
  await rows(page);
  await emit(page, { t: 'alarm', thread: null, why });
};
const dialog = (page) => page.locator('[role=dialog]').waitFor();
/** Writes a whole new thread. */
async function compose(page, name) {
  await page.locator('[role=combobox]').fill(name);
  await page.locator('[role=option]').first().click();
  await page.locator('input[maxlength]').fill('Transfert au 3ᵉ étage');
  await page.locator('textarea').fill('Le lit 12 sera libre à partir de 14 h.');
}
/** Opens what the first, second, … button of a section of the settings opens. */
const press = (number) => async (page) => {
  await page.locator('.section button').nth(number).click();
};
const renew = (why) => async (page) => {
  await press(1)(page);
  await dialog(page);
  if (why !== null) await failNext(page, 'renewRecoveryCode', why);
  await confirm(page);
};

const HOME = [
  { name: 'home', at: '/', act: rows, says: ['Choisissez un fil', 'Choose a thread'], wide: true },
  { name: 'home-list', at: '/', act: rows, says: ['Fils actifs', 'Active threads'] },
  { name: 'home-empty', at: '/', options: { empty: true }, says: ['Rien en attente', 'Nothing waiting'] },
  {
    name: 'home-loading',
    at: '/',
    options: { hangsOn: ['moreRows'] },
    says: ['Chargement…', 'Loading…'],
  },
  { name: 'home-offline', at: '/', act: offline, says: ['Liste arrêtée à 14 h 20.', 'List as of 2:20'] },
  {
    name: 'home-behind',
    at: '/',
    act: async (page) => {
      await rows(page);
      await link(page, { state: 'live', behind: true });
    },
    says: ['Mise à jour…', 'Catching up…'],
  },
  {
    name: 'home-connecting',
    at: '/',
    act: async (page) => {
      await rows(page);
      await link(page, { state: 'connecting' });
    },
    says: ['Connexion…', 'Connecting…'],
  },
  {
    name: 'home-no-match',
    at: '/',
    act: (page) => page.locator('[type=search]').first().fill('zzz'),
    says: ['Aucun fil ne correspond', 'No thread matches'],
  },
  {
    name: 'home-5000',
    at: '/',
    options: { rows: 5_000 },
    act: async (page) => {
      await rows(page);
      await page.locator('.more').scrollIntoViewIfNeeded();
    },
    says: ['Afficher plus de fils', 'Show more threads'],
  },
  {
    name: 'home-organizations',
    at: '/',
    act: async (page) => {
      await page.locator('section .kit-menu-trigger').click();
      await page.locator('[role=menu]').waitFor();
    },
    says: ['Personnel', 'Personal'],
  },
  {
    name: 'home-account',
    at: '/',
    wide: true,
    act: async (page) => {
      await page.locator('nav .kit-menu-trigger').click();
      await page.locator('[role=menu]').waitFor();
    },
    says: ['Ce que cet appareil a déchiffré', 'What this device has decrypted'],
  },
];

const EVERYWHERE = [
  {
    name: 'queue-empty',
    at: '/',
    act: async (page) => {
      await page.locator('button.chip').last().click();
      await dialog(page);
    },
    says: ['Rien n’attend : tout est parti.', 'Nothing waits: everything has been sent.'],
  },
  {
    name: 'queue',
    at: thread(1),
    act: async (page) => {
      await offline(page);
      await write(page, 'Le pansement est changé, aspect stable.');
      await page.locator('.message.waiting').waitFor();
      await page.evaluate(() => (globalThis.relais.dialog = 'queue'));
      await dialog(page);
    },
    says: ['Gardez cette page ouverte jusque-là.', 'Keep this page open until then.'],
  },
  {
    name: 'other-tab',
    at: '/',
    act: stopped(local('otherTab')),
    says: ['Relais est ouvert dans un autre onglet.', 'Relais is open in another tab.'],
  },
  {
    name: 'stopped-expired',
    at: '/',
    act: stopped({ kind: 'refused', code: 4504 }),
    says: ['Votre session est arrivée à son terme.', 'Your session has run out.'],
  },
  {
    name: 'stopped-old-page',
    at: '/',
    act: stopped({ kind: 'refused', code: 4501 }),
    says: ['Cette page n’est plus à jour.', 'This page is out of date.'],
  },
  {
    name: 'alarm',
    at: '/',
    act: everywhere(hostile('H20')),
    says: ['Le serveur a rendu un ancien coffre de clés.', 'The server returned an old vault of keys.'],
  },
  {
    name: 'storage-refused',
    at: '/',
    act: everywhere(local('storage')),
    says: ['Ce navigateur refuse d’enregistrer quoi que ce soit.', 'This browser refuses to store anything.'],
  },
  {
    name: 'update',
    at: '/',
    act: (page) => page.evaluate(() => (globalThis.relais.updateReady = () => undefined)),
    says: ['Une nouvelle version est prête.', 'A new version is ready.'],
  },
  {
    name: 'help',
    at: '/',
    act: async (page) => {
      await rows(page);
      await page.keyboard.press('?');
      await dialog(page);
    },
    says: ['Ce que disent les signes', 'What the signs say'],
  },
  { name: 'lost', at: '/nowhere', says: ['L’adresse ne mène nulle part.', 'This address leads nowhere.'] },
];

const COMPOSE = [
  { name: 'compose', at: '/new', says: ['Premier message', 'First message'] },
  {
    name: 'compose-search',
    at: '/new',
    act: async (page) => {
      await page.locator('[role=combobox]').fill('e');
      await page.locator('[role=option]').first().waitFor();
    },
    says: ['Identité attestée par son organisation', 'Identity vouched for by their organization'],
  },
  {
    name: 'compose-nobody',
    at: '/new',
    act: async (page) => {
      await page.locator('[role=combobox]').fill('zzz');
      await page.locator('.state:not(:empty)').waitFor();
    },
    says: ['Personne de ce nom dans votre répertoire.', 'Nobody of that name in your directory.'],
  },
  {
    name: 'compose-incomplete',
    at: '/new',
    act: submit,
    says: ['Nommez au moins une personne ou une équipe.', 'Name at least one person or team.'],
  },
  {
    name: 'compose-changed',
    at: '/new',
    act: (page) => compose(page, 'Léo'),
    says: ['L’identité de Léo Nadeau a changé.', 'The identity of Léo Nadeau has changed.'],
  },
  {
    name: 'compose-failed',
    at: '/new',
    act: async (page) => {
      await compose(page, 'Ana');
      await failNext(page, 'createThread', { kind: 'offline', code: 'noAnswer' });
      await submit(page);
    },
    says: ['La réponse n’est pas arrivée.', 'The answer did not arrive.'],
  },
];

const SETTINGS = [
  {
    name: 'settings',
    at: '/settings',
    says: ['Ces choix restent sur cet appareil.', 'These choices stay on this device.'],
  },
  {
    name: 'settings-not-kept',
    at: '/settings',
    act: async (page) => {
      await page.evaluate(() => {
        Storage.prototype.setItem = () => {
          throw new DOMException('refused', 'QuotaExceededError');
        };
        globalThis.relais.prefs.set({});
      });
    },
    says: ['Ce navigateur refuse d’enregistrer', 'This browser refuses to store anything'],
  },
  {
    name: 'settings-keys',
    at: '/settings/keys',
    says: ['Raccourcis d’une seule touche', 'Single-key shortcuts'],
  },
  { name: 'settings-security', at: '/settings/security', says: ['Votre identité', 'Your identity'] },
  {
    name: 'settings-password',
    at: '/settings/security',
    act: press(0),
    says: ['Mot de passe actuel', 'Current password'],
  },
  {
    name: 'settings-password-wrong',
    at: '/settings/security',
    act: async (page) => {
      await press(0)(page);
      await page.locator('input[autocomplete=current-password]').fill('wrong');
      await page.locator('input[autocomplete=new-password]').fill('quatre chevaux verts');
      await submit(page);
    },
    says: ['Mot de passe ou code inexact.', 'Wrong password or code.'],
  },
  {
    name: 'settings-renew',
    at: '/settings/security',
    act: press(1),
    says: ['L’ancien code cessera', 'The old code will stop'],
  },
  {
    name: 'settings-renewed',
    at: '/settings/security',
    act: async (page) => {
      await renew(null)(page);
      await page.locator('[translate=no]').waitFor();
    },
    says: ['J’ai rangé ce code en lieu sûr', 'I have put this code in a safe place'],
  },
  {
    name: 'settings-unsettled',
    at: '/settings/security',
    act: renew(local('unsettled')),
    says: [
      'Aucune réponse : votre compte a peut-être changé.',
      'No answer came: your account may have changed.',
    ],
  },
  { name: 'settings-devices', at: '/settings/devices', says: ['Sessions ouvertes', 'Open sessions'] },
  {
    name: 'settings-devices-end',
    at: '/settings/devices',
    act: async (page) => {
      await page.locator('.section li button').nth(1).click();
      await dialog(page);
    },
    says: ['Mettre fin à cette session ?', 'End this session?'],
  },
  {
    name: 'settings-devices-failed',
    at: '/settings/devices',
    options: { fails: { sessions: UNREACHABLE } },
    says: ['Le serveur ne répond pas.', 'The server does not answer.'],
  },
  {
    // The list is loaded anew, and does not take the words away.
    name: 'settings-devices-refused',
    at: '/settings/devices',
    act: async (page) => {
      await page.locator('.section li button').nth(1).click();
      await dialog(page);
      await failNext(page, 'endSession', refused(30));
      await confirm(page);
    },
    says: ['Vous n’avez pas le droit de faire cela.', 'You do not have the right to do this.'],
  },
  {
    name: 'settings-about',
    at: '/settings/about',
    says: ['Licences des logiciels inclus', 'Licences of the software'],
  },
];

export const INSIDE = [...HOME, ...EVERYWHERE, ...COMPOSE, ...SETTINGS];
