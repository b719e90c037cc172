/** The screens of one thread: reading, writing, who takes part, and what does not hold. */
import {
  UNREACHABLE,
  attach,
  change,
  confirm,
  failNext,
  hostile,
  link,
  local,
  paste,
  people,
  refused,
  thread,
  write,
} from './acts.mjs';

const log = (page) => page.locator('.message, .act').first().waitFor();
const offline = (page) => link(page, { state: 'offline', retryAt: 0, since: 0 });
const dialog = (page) => page.locator('[role=dialog]').waitFor();
const file = (name, mimeType, bytes) => ({ name, mimeType, buffer: Buffer.alloc(bytes, 1) });
/** What somebody wrote is something else. */
const is = (content) => (page) => log(page).then(() => change(page, 3, content, null));
/** An act from the end of the pane beside a thread: print, close, leave. */
const act = (number) => async (page) => {
  await (await people(page)).locator('.acts button').nth(number).click();
  await page.locator('[role=dialog] .foot button').last().waitFor();
};
const party = (words) => async (page) => {
  await (await people(page)).getByRole('button', { name: words }).first().click();
  await dialog(page);
};

const READING = [
  {
    name: 'thread',
    at: thread(1),
    act: log,
    says: ['Pouvez-vous prévoir une culture', 'Pouvez-vous prévoir une culture'],
  },
  { name: 'thread-urgent', at: thread(2), act: log, says: ['Urgent', 'Urgent'] },
  { name: 'thread-rtl', at: thread(8), act: log, says: ['أمينة الخطيب', 'أمينة الخطيب'] },
  { name: 'thread-closed', at: thread(9), act: log, says: ['Ce fil est fermé.', 'This thread is closed.'] },
  {
    name: 'thread-invited',
    at: thread(4),
    act: log,
    says: ['On vous invite dans ce fil', 'You are invited to this thread'],
  },
  {
    name: 'thread-left',
    at: thread(3),
    act: async (page) => {
      await act(2)(page);
      await confirm(page);
      await page.locator('.talk .foot').waitFor();
    },
    says: [
      'Vous pouvez lire ce fil, mais plus y écrire.',
      'You can read this thread but no longer write in it.',
    ],
  },
  {
    name: 'thread-10000',
    at: thread(1),
    options: { entries: 10_000 },
    act: async (page) => {
      await log(page);
      await page.locator('.older button').click();
      await page.locator('.log').evaluate((box) => box.scrollTo(0, 0));
    },
    says: ['Messages plus anciens', 'Older messages'],
  },
  {
    name: 'thread-loading',
    at: thread(1),
    options: { hangsOn: ['openThread', 'moreRows'] },
    heading: false,
    says: ['Ouverture du fil…', 'Opening the thread…'],
  },
  {
    name: 'thread-missing',
    at: thread(77),
    says: [
      'Ce fil n’existe pas, ou vous n’y participez pas.',
      'This thread does not exist, or you do not take part in it.',
    ],
  },
  {
    name: 'thread-unreachable',
    at: thread(1),
    options: { fails: { openThread: UNREACHABLE } },
    says: ['Le serveur ne répond pas.', 'The server does not answer.'],
  },
  {
    name: 'thread-wrongly-signed',
    at: thread(6),
    act: log,
    says: ['Message écarté : il n’a pas passé la vérification', 'Message set aside: it failed verification'],
  },
  {
    name: 'thread-undecryptable',
    at: thread(3),
    act: is({ kind: 'bad', why: hostile('H17') }),
    says: ['Une clé qui vous est destinée n’a pas été remise.', 'A key meant for you was not handed over.'],
  },
  {
    name: 'thread-changed-on-its-way',
    at: thread(3),
    act: is({ kind: 'bad', why: hostile('H18') }),
    says: ['Ce message a été modifié en chemin.', 'This message was changed on its way.'],
  },
  {
    name: 'thread-newer',
    at: thread(3),
    act: is({ kind: 'newer' }),
    says: ['Écrit avec une version plus récente.', 'Written with a newer version.'],
  },
  {
    name: 'thread-unreadable',
    at: thread(3),
    act: is({ kind: 'unreadable' }),
    says: ['Écrit avant votre arrivée, ou effacé', 'Written before you joined, or deleted'],
  },
  {
    name: 'thread-delivery',
    at: thread(1),
    act: async (page) => {
      await log(page);
      await page.locator('.message.mine .meta button').last().click();
      await dialog(page);
    },
    says: ['Acheminement', 'Delivery'],
  },
  {
    name: 'thread-photo',
    at: thread(1),
    act: async (page) => {
      await page.locator('.photo').scrollIntoViewIfNeeded();
      await page.locator('.photo button img').click();
      await dialog(page);
    },
    says: ['plaie-talon-gauche.jpg', 'plaie-talon-gauche.jpg'],
  },
  {
    name: 'thread-photo-broken',
    at: thread(1),
    options: { fails: { download: hostile('H25') } },
    act: async (page) => {
      await page.locator('.photo').scrollIntoViewIfNeeded();
      await page.locator('.photo .frame button').click();
    },
    says: ['Ce fichier n’est pas celui qui a été envoyé.', 'This file is not the one that was sent.'],
  },
  {
    name: 'thread-voice-broken',
    at: thread(1),
    options: { fails: { download: UNREACHABLE } },
    act: async (page) => {
      await log(page);
      await page.locator('.attachment audio').locator('xpath=..').locator('button').first().click();
    },
    says: ['Ce navigateur ne sait pas lire cet enregistrement.', 'This browser cannot play the recording.'],
  },
];

const WRITING = [
  {
    name: 'thread-offline',
    at: thread(1),
    act: async (page) => {
      await offline(page);
      await write(page, 'Le pansement est changé, aspect stable.');
      await page.locator('.message.waiting').waitFor();
    },
    says: [
      'Hors ligne : le message partira au retour du réseau.',
      'Offline: the message leaves when the network is back.',
    ],
  },
  {
    name: 'thread-refused',
    at: thread(3),
    act: async (page) => {
      await log(page);
      await change(page, 3, null, { state: 'refused', why: hostile('H19') });
      await page.locator('.refused').scrollIntoViewIfNeeded();
    },
    says: [
      'L’accusé du serveur ne correspond pas au message.',
      'The server’s receipt does not fit the message.',
    ],
  },
  {
    name: 'thread-storage-full',
    at: thread(3),
    act: async (page) => {
      await log(page);
      await failNext(page, 'send', local('storageFull'));
      await write(page, 'À ne pas perdre');
    },
    says: ['L’espace de ce navigateur est plein.', 'The storage of this browser is full.'],
  },
  {
    name: 'thread-reply',
    at: thread(1),
    act: async (page) => {
      await log(page);
      await page.keyboard.press('r');
      await page.locator('.reply').waitFor();
    },
    says: ['Répondre à Karim Delorme', 'Reply to Karim Delorme'],
  },
  {
    name: 'thread-reply-own',
    at: thread(3),
    act: async (page) => {
      await page.locator('.message.mine').hover();
      await page.locator('.message.mine .tools button').first().click();
      await page.locator('.reply').waitFor();
    },
    says: ['Répondre à votre message', 'Reply to your message'],
  },
  {
    name: 'thread-files',
    at: thread(3),
    act: async (page) => {
      await attach(
        page,
        file('bilan.pdf', 'application/pdf', 123_456),
        file('notes.txt', 'text/plain', 2_048),
      );
      await page.locator('textarea').fill('Voici le bilan.\nMerci de confirmer.');
      await page.locator('.files li').nth(1).waitFor();
    },
    says: ['bilan.pdf', 'bilan.pdf'],
  },
  {
    name: 'thread-file-too-large',
    at: thread(3),
    act: async (page) => {
      // Only its size is looked at; as many bytes would have to be carried into the page.
      await page.locator('input[type=file]').evaluate((picker) => {
        const large = new File(['x'], 'echographie.avi', { type: 'video/avi' });
        Object.defineProperty(large, 'size', { value: 5_000_000_000 });
        Object.defineProperty(picker, 'files', { value: [large, new File([], 'vide.txt')] });
        picker.dispatchEvent(new Event('change', { bubbles: true }));
      });
      await page.locator('.composer .banner').nth(1).waitFor();
    },
    says: ['echographie.avi dépasse la limite', 'echographie.avi is over the limit'],
  },
  {
    name: 'thread-too-long',
    at: thread(3),
    act: (page) => paste(page, 'a'.repeat(1_000_000)),
    says: ['Ce texte est trop long pour un message.', 'This text is too long for a message.'],
  },
  {
    name: 'thread-voice',
    at: thread(3),
    act: async (page) => {
      await page.locator('.composer .tools button').nth(1).click();
      await page.locator('.recorder .acts button:not([disabled])').nth(1).waitFor();
    },
    says: ['Enregistrement en cours', 'Recording'],
  },
  {
    name: 'thread-voice-done',
    at: thread(3),
    act: async (page) => {
      await page.locator('.composer .tools button').nth(1).click();
      await page.locator('.recorder .time', { hasText: '0:01' }).waitFor();
      await page.locator('.recorder .acts button').nth(1).click();
      await page.locator('.recorder audio').waitFor({ state: 'attached' });
    },
    says: ['Envoyer', 'Send'],
  },
  {
    name: 'thread-voice-denied',
    at: thread(3),
    act: async (page) => {
      await page.evaluate(() => {
        navigator.mediaDevices.getUserMedia = () =>
          Promise.reject(new DOMException('denied', 'NotAllowedError'));
      });
      await page.locator('.composer .tools button').nth(1).click();
    },
    says: ['Le micro n’est pas autorisé.', 'The microphone is not allowed.'],
  },
];

const TAKING_PART = [
  {
    name: 'thread-people',
    at: thread(1),
    act: people,
    says: ['Ajouter ou inviter', 'Add or invite'],
  },
  {
    name: 'thread-safety',
    at: thread(1),
    act: async (page) => {
      await party(/^(Comparer|Compare)/)(page);
      await page.locator('.digits').waitFor();
    },
    says: ['Numéro de sûreté avec Karim Delorme', 'Safety number with Karim Delorme'],
  },
  {
    name: 'thread-add',
    at: thread(1),
    act: async (page) => {
      await party(/^(Ajouter ou inviter|Add or invite)/)(page);
      await page.locator('[role=dialog] [role=combobox]').fill('ma');
      await page.locator('[role=option]').first().waitFor();
    },
    says: ['Ajouter ou inviter des participants', 'Add or invite participants'],
  },
  {
    name: 'thread-add-failed',
    at: thread(1),
    act: async (page) => {
      await party(/^(Ajouter ou inviter|Add or invite)/)(page);
      await page.locator('[role=dialog] [role=combobox]').fill('Maya');
      await page.locator('[role=option]').first().click();
      await failNext(page, 'addParty', hostile('H24'));
      await confirm(page);
    },
    says: ['Maya Roussel n’a pas été ajouté', 'Maya Roussel was not added.'],
  },
  {
    name: 'thread-remove',
    at: thread(1),
    act: party(/^(Retirer|Remove) Karim/),
    says: ['Retirer Karim Delorme du fil ?', 'Remove Karim Delorme from the thread?'],
  },
  {
    name: 'thread-remove-team',
    at: thread(1),
    act: party(/^(Retirer|Remove) Équipe/),
    says: ['Retirer Équipe des urgences du fil ?', 'Remove Équipe des urgences from the thread?'],
  },
  {
    name: 'thread-remove-moved-on',
    at: thread(1),
    act: async (page) => {
      await party(/^(Retirer|Remove) Karim/)(page);
      await failNext(page, 'removeParty', local('movedOn'));
      await confirm(page);
    },
    says: [
      'La situation de ce participant vient de changer.',
      'This participant’s situation has just changed.',
    ],
  },
  {
    name: 'thread-take-back',
    at: thread(4),
    act: party(/^(Annuler|Cancel)/),
    says: ['Annuler l’invitation de Maya Roussel ?', 'Cancel the invitation of Maya Roussel?'],
  },
  {
    name: 'thread-decline',
    at: thread(4),
    act: async (page) => {
      await page.locator('.foot button').nth(1).click();
      await dialog(page);
    },
    says: ['Les participants verront que vous avez décliné.', 'Participants see that you declined.'],
  },
  {
    name: 'thread-close',
    at: thread(1),
    act: act(1),
    says: ['Plus personne ne pourra y écrire.', 'Nobody will be able to write in it any more.'],
  },
  {
    name: 'thread-leave',
    at: thread(1),
    act: act(2),
    says: ['Vous gardez l’accès à ce qui a été écrit', 'You keep access to what was written so far'],
  },
  {
    name: 'thread-last-owner',
    at: thread(1),
    act: async (page) => {
      await act(2)(page);
      await failNext(page, 'act', local('lastOwner'));
      await confirm(page);
    },
    says: ['Vous êtes la dernière personne responsable de ce fil.', 'You are the last owner of this thread.'],
  },
  {
    name: 'thread-taken-first',
    at: thread(4),
    act: async (page) => {
      await log(page);
      await failNext(page, 'act', refused(32));
      await page.locator('.foot button').first().click();
    },
    says: ['Quelqu’un a été plus rapide.', 'Somebody was faster.'],
  },
];

export const THREADS = [...READING, ...WRITING, ...TAKING_PART];
