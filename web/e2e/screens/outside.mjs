/** The screens before somebody is signed in. */
import {
  UNREACHABLE,
  emit,
  failNext,
  fillRecover,
  fillRegister,
  fillSignIn,
  hostile,
  local,
  refused,
  submit,
  toCode,
  writeCode,
} from './acts.mjs';

const out = { signedIn: false, demo: false };
const starts = (why) => ({ startFails: why });

/** A sign-in that is answered like this. */
const signInFails = (why) => async (page) => {
  await fillSignIn(page);
  await failNext(page, 'signIn', why);
  await submit(page);
};

export const OUTSIDE = [
  {
    name: 'cast',
    at: '/cast',
    options: { signedIn: false },
    says: ['Choisissez une personne', 'Choose a person'],
  },
  {
    name: 'cast-blocked',
    at: '/cast',
    options: { signedIn: false },
    act: async (page) => {
      await page.evaluate(() => (globalThis.open = () => null));
      await page.locator('.cast li button').nth(1).click();
    },
    says: ['Le navigateur a bloqué la deuxième fenêtre.', 'The browser blocked the second window.'],
  },
  {
    name: 'cast-refused',
    at: '/cast',
    options: { signedIn: false },
    act: async (page) => {
      await failNext(page, 'castCode', UNREACHABLE);
      await page.locator('.cast li button').first().click();
    },
    says: ['Le serveur ne répond pas.', 'The server does not answer.'],
  },
  { name: 'sign-in', at: '/sign-in', options: out, says: ['Mot de passe oublié ?', 'Forgot your password?'] },
  {
    name: 'sign-in-incomplete',
    at: '/sign-in',
    options: out,
    act: async (page) => {
      await page.locator('input[type=email]').fill('ines');
      await submit(page);
    },
    says: ['Écrivez votre adresse de courriel au complet', 'Type your whole e-mail address'],
  },
  {
    name: 'sign-in-wrong',
    at: '/sign-in',
    options: out,
    act: signInFails(refused(13)),
    says: ['Courriel ou mot de passe inexact.', 'Wrong e-mail or password.'],
  },
  {
    name: 'sign-in-locked',
    at: '/sign-in',
    options: out,
    act: signInFails(refused(16)),
    says: ['Trop d’essais.', 'Too many tries.'],
  },
  {
    name: 'sign-in-offline',
    at: '/sign-in',
    options: out,
    act: signInFails(UNREACHABLE),
    says: ['Le serveur ne répond pas.', 'The server does not answer.'],
  },
  {
    name: 'sign-in-clock',
    at: '/sign-in',
    options: out,
    act: signInFails(local('clock')),
    says: ['L’horloge de cet appareil n’est pas à l’heure.', 'The clock of this device is wrong.'],
  },
  {
    name: 'session-expired',
    at: '/',
    options: { ...out, startFails: refused(11) },
    says: ['Votre session est arrivée à son terme.', 'Your session has run out.'],
  },
  {
    name: 'session-other-password',
    at: '/',
    options: { ...out, startFails: local('otherPassword') },
    says: [
      'Ce que ce navigateur a conservé n’ouvre plus votre compte.',
      'What this browser kept does not open your account any more.',
    ],
  },
  {
    name: 'session-revoked',
    at: '/',
    options: { demo: false },
    act: async (page) => {
      await page.locator('a.row').first().waitFor();
      await emit(page, { t: 'signedOut', why: refused(12) });
    },
    says: ['Cette session ou ce compte a été bloqué.', 'This session or account was blocked.'],
  },
  {
    name: 'code',
    at: '/sign-in',
    options: out,
    act: toCode,
    says: ['Code de vérification', 'Verification code'],
  },
  {
    name: 'code-wrong',
    at: '/sign-in',
    options: out,
    act: async (page) => {
      await toCode(page);
      await writeCode(page, '111111');
    },
    says: ['Ce n’est pas le bon code.', 'That is not the right code.'],
  },
  {
    name: 'code-expired',
    at: '/sign-in',
    options: out,
    act: async (page) => {
      await toCode(page);
      await failNext(page, 'confirmCode', refused(15));
      await writeCode(page, '482915');
    },
    says: ['Ce code n’est plus valable.', 'This code is no longer valid.'],
  },
  {
    name: 'register',
    at: '/register',
    options: out,
    act: fillRegister,
    says: ['Créer un compte', 'Create an account'],
  },
  {
    name: 'register-incomplete',
    at: '/register',
    options: out,
    act: async (page) => {
      await page.locator('input[type=password]').fill('court');
      await submit(page);
    },
    says: ['Ce mot de passe est trop facile à deviner.', 'This password is too easy to guess.'],
  },
  {
    name: 'register-refused',
    at: '/register',
    options: out,
    act: async (page) => {
      await fillRegister(page);
      await failNext(page, 'register', refused(19));
      await submit(page);
    },
    says: ['Cette invitation n’est pas ou plus valable.', 'This invitation is not valid, or no longer.'],
  },
  {
    name: 'recovery-code',
    at: '/register',
    options: out,
    act: async (page) => {
      await fillRegister(page);
      await submit(page);
      await writeCode(page, '482915');
      await page.locator('[translate=no]').waitFor();
    },
    says: ['Votre code de récupération', 'Your recovery code'],
  },
  { name: 'recover', at: '/recover', options: out, says: ['Retrouver l’accès', 'Get back in'] },
  {
    name: 'recover-wrong',
    at: '/recover',
    options: out,
    act: async (page) => {
      await fillRecover(page);
      await failNext(page, 'recover', local('wrongSecret'));
      await submit(page);
    },
    says: ['Mot de passe ou code inexact.', 'Wrong password or code.'],
  },
  {
    name: 'recover-unsettled',
    at: '/recover',
    options: out,
    act: async (page) => {
      await fillRecover(page);
      await submit(page);
      await page.locator('input.code').waitFor();
      await failNext(page, 'confirmRecovery', { kind: 'offline', code: 'noAnswer' });
      await writeCode(page, '482915');
    },
    says: ['La réponse n’est pas arrivée.', 'The answer did not arrive.'],
  },
  {
    name: 'starting',
    at: '/',
    options: { hangs: true },
    heading: false,
    says: ['Ouverture de Relais…', 'Opening Relais…'],
  },
  {
    name: 'start-other-server',
    at: '/',
    options: starts(hostile('H23')),
    says: ['Ce serveur n’est pas celui que vous connaissez.', 'This server is not the one you know.'],
  },
  {
    name: 'start-clock',
    at: '/',
    options: starts(local('clock')),
    says: ['L’horloge de cet appareil n’est pas à l’heure.', 'The clock of this device is wrong.'],
  },
  {
    name: 'start-storage',
    at: '/',
    options: starts(local('storage')),
    says: ['Ce navigateur refuse d’enregistrer quoi que ce soit.', 'This browser refuses to store anything.'],
  },
  {
    name: 'start-crypto',
    at: '/',
    options: starts(local('crypto')),
    says: ['n’a pas ce qu’il faut pour chiffrer', 'This browser lacks what encryption needs.'],
  },
  {
    name: 'start-old-page',
    at: '/',
    options: starts(local('version')),
    says: ['Cette page n’est plus à jour.', 'This page is out of date.'],
  },
  {
    name: 'start-damaged',
    at: '/',
    options: starts(local('damaged')),
    says: ['Ce que cet appareil gardait ne s’ouvre plus.', 'What this device kept no longer opens.'],
  },
  {
    name: 'start-part-missing',
    at: '/',
    options: {},
    before: async (page) => {
      // The page has been loaded anew for it once already.
      await page.addInitScript(() => sessionStorage.setItem('relais.reloaded', '1'));
      await page.route(/\/assets\/Shell-.*\.js$/, (route) => route.abort());
    },
    breaks: /Failed to (load|fetch)|ERR_FAILED/,
    says: ['Une partie de la page n’a pas pu être chargée', 'Part of the page could not be loaded'],
  },
];
