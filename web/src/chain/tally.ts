/**
 * How much opening and verifying this worker has done since it began: three numbers, by which a measurement shows that
 * a long list costs what is visible of it and not more (docs/ARCHITECTURE.md). They say nothing of what was opened.
 *
 * Not known here: who counts, and who asks.
 */

/** Counted wherever it is done; one worker, one tally. */
export const tally = {
  /** Signatures of links and entries that were checked. */
  signatures: 0,
  /** Boxes of keyrings and epochs that were opened, or tried. */
  boxes: 0,
  /** Messages that were opened, or tried. */
  messages: 0,
};
