/**
 * The safety number of two people: 60 digits that both see, to compare by voice or on paper. It follows from the root
 * links of both chains, so it stays through rotations of keys and changes when an identity is another one.
 *
 * `SHA-256("relais/v1/sn" 0 min(rootA, rootB) max(rootA, rootB))` as a number, modulo 10^60.
 *
 * Not known here: whether anybody compared it.
 */
import { labelled } from '../chain/hash';
import { unhex, type Hex } from '../wire/bytes';

const DIGITS = 60;
const GROUP = 5;

/** Twelve groups of five digits, with a space between. */
export function safetyNumber(rootA: Hex, rootB: Hex): string {
  const [low, high] = rootA < rootB ? [rootA, rootB] : [rootB, rootA];
  const number = BigInt(`0x${labelled('relais/v1/sn', unhex(low), unhex(high))}`) % 10n ** BigInt(DIGITS);
  const digits = number.toString().padStart(DIGITS, '0');
  return Array.from({ length: DIGITS / GROUP }, (_, n) => digits.slice(n * GROUP, (n + 1) * GROUP)).join(' ');
}
