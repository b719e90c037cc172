/**
 * Shapes of the wire: people, teams, units, invitations.
 *
 * Field order is the order on the wire; the compiler holds each shape to the
 * generated type, the golden file holds it to the bytes.
 */
import type * as W from '../gen/wire';
import { bin, flag, id16, int, list, opt, struct, text, u32 } from '../shape';
import { locale } from './account';
import { chainLink, sealedBox } from './chains';

export const getServer = struct<W.GetServer>({});
export const serverCard = struct<W.ServerCard>({
  origin: text,
  version: text,
  opaque_key: bin,
  receipt_key: bin,
  open_registration: flag,
  demo: flag,
  root: opt(id16),
  now: int,
});
export const search = struct<W.Search>({
  query: text,
  org: opt(id16),
});
export const personCard = struct<W.PersonCard>({
  user: id16,
  name: text,
  personal: id16,
  inbox: id16,
  orgs: list(id16),
});
export const teamCard = struct<W.TeamCard>({
  team: id16,
  unit: id16,
  org: id16,
  name: text,
  managers: id16,
  all: id16,
  triage: opt(u32),
});
export const found = struct<W.Found>({
  people: list(personCard),
  teams: list(teamCard),
  more: flag,
});
export const getPerson = struct<W.GetPerson>({
  user: id16,
});
export const getUnit = struct<W.GetUnit>({
  unit: id16,
});
export const unitCard = struct<W.UnitCard>({
  unit: id16,
  org: id16,
  parent: opt(id16),
  name: text,
  admins: id16,
  data: id16,
  teams: list(teamCard),
  members: list(personCard),
  more_members: u32,
});
export const orgCard = struct<W.OrgCard>({
  org: id16,
  name: text,
  units: list(id16),
});
export const createUnit = struct<W.CreateUnit>({
  idem: id16,
  unit: id16,
  parent: opt(id16),
  name: text,
  links: list(chainLink),
  boxes: list(sealedBox),
});
export const createTeam = struct<W.CreateTeam>({
  idem: id16,
  team: id16,
  unit: id16,
  name: text,
  links: list(chainLink),
  boxes: list(sealedBox),
});
export const createInvite = struct<W.CreateInvite>({
  idem: id16,
  unit: opt(id16),
  email: opt(text),
  locale: locale,
  key: opt(bin),
});
export const inviteCreated = struct<W.InviteCreated>({
  invite: id16,
  token: bin,
  expires: int,
});
export const withdrawInvite = struct<W.WithdrawInvite>({
  idem: id16,
  invite: id16,
});
export const setSuspended = struct<W.SetSuspended>({
  idem: id16,
  user: id16,
  suspended: flag,
});
export const acceptInvite = struct<W.AcceptInvite>({
  idem: id16,
  token: bin,
  proof: opt(bin),
});
export const getPending = struct<W.GetPending>({
  unit: id16,
});
export const pendingMember = struct<W.PendingMember>({
  user: id16,
  name: text,
  invite: id16,
  proof: opt(bin),
});
export const pending = struct<W.Pending>({
  members: list(pendingMember),
});
