/**
 * Every screen of the client and every state it can be in, over made-up people: where it is, how it is staged, what is
 * done there, and the words by which it is recognized in French and in English.
 *
 * `options` are those of the made-up worker, `before` runs before the page is there, `act` once its heading is.
 */
import { INSIDE } from './inside.mjs';
import { OUTSIDE } from './outside.mjs';
import { THREADS } from './threads.mjs';

export const SCREENS = [...OUTSIDE, ...INSIDE, ...THREADS];
