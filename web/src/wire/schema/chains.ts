/**
 * Shapes of the wire: links and boxes.
 *
 * Field order is the order on the wire; the compiler holds each shape to the
 * generated type, the golden file holds it to the bytes.
 */
import type * as W from '../gen/wire';
import { bin, bytes32, id16, int, list, opt, struct, u32, word } from '../shape';

export const chainKind = word<W.ChainKind>('user', 'keyring', 'unit');
export const chainLink = struct<W.ChainLink>({
  chain: chainKind,
  id: id16,
  link: bin,
});
export const getLinks = struct<W.GetLinks>({
  chain: chainKind,
  id: id16,
  after: int,
  max: u32,
  login: opt(id16),
});
export const links = struct<W.Links>({
  links: list(bin),
  n: int,
  head: bytes32,
});
export const appendLinks = struct<W.AppendLinks>({
  idem: id16,
  links: list(chainLink),
});
export const chainHead = struct<W.ChainHead>({
  n: int,
  head: bytes32,
});
export const linksAppended = struct<W.LinksAppended>({
  heads: list(chainHead),
});
export const boxScope = word<W.BoxScope>('keyring', 'thread');
export const sealedBox = struct<W.SealedBox>({
  scope: boxScope,
  id: id16,
  generation: u32,
  recipient: id16,
  recipient_generation: u32,
  bytes: bin,
});
export const putBoxes = struct<W.PutBoxes>({
  boxes: list(sealedBox),
});
export const boxesStaged = struct<W.BoxesStaged>({
  bytes: u32,
  expires: int,
});
export const getBoxes = struct<W.GetBoxes>({
  scope: boxScope,
  id: id16,
  from: u32,
  to: u32,
  recipient: id16,
});
export const boxes = struct<W.Boxes>({
  boxes: list(sealedBox),
});
