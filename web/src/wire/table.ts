/**
 * Every request, event and control message by name: its number, its shape and, for a request, its answer's.
 *
 * Not known here: who answers.
 */
import { CONTROL, EVENT, REQUEST } from './gen/wire';
import * as account from './schema/account';
import * as calls from './schema/calls';
import * as chains from './schema/chains';
import * as control from './schema/control';
import * as directory from './schema/directory';
import * as events from './schema/events';
import * as files from './schema/files';
import * as streams from './schema/streams';
import * as threads from './schema/threads';

/** Requests. */
export const CALLS = {
  GetServer: { kind: REQUEST.GetServer, body: directory.getServer, answer: directory.serverCard },
  RegisterStart: {
    kind: REQUEST.RegisterStart,
    body: account.registerStart,
    answer: account.registerStarted,
  },
  RegisterFinish: {
    kind: REQUEST.RegisterFinish,
    body: account.registerFinish,
    answer: account.sessionGrant,
  },
  LoginStart: { kind: REQUEST.LoginStart, body: account.loginStart, answer: account.loginStarted },
  LoginFinish: { kind: REQUEST.LoginFinish, body: account.loginFinish, answer: account.factorNeeded },
  ResendCode: { kind: REQUEST.ResendCode, body: account.resendCode, answer: account.codeSent },
  SecondFactor: { kind: REQUEST.SecondFactor, body: account.secondFactor, answer: account.sessionGrant },
  RecoverStart: { kind: REQUEST.RecoverStart, body: account.recoverStart, answer: account.recoverStarted },
  RecoverProve: { kind: REQUEST.RecoverProve, body: account.recoverProve, answer: account.recoverChallenge },
  RecoverAuth: { kind: REQUEST.RecoverAuth, body: account.recoverAuth, answer: account.recoverGranted },
  Rekey: { kind: REQUEST.Rekey, body: account.rekey, answer: account.rekeyed },
  PasswordStart: {
    kind: REQUEST.PasswordStart,
    body: account.passwordStart,
    answer: account.passwordStarted,
  },
  RenewRecovery: { kind: REQUEST.RenewRecovery, body: account.renewRecovery, answer: account.done },
  ListSessions: { kind: REQUEST.ListSessions, body: account.listSessions, answer: account.sessions },
  RevokeSession: { kind: REQUEST.RevokeSession, body: account.revokeSession, answer: account.done },
  GetVault: { kind: REQUEST.GetVault, body: account.getVault, answer: account.vault },
  PutVault: { kind: REQUEST.PutVault, body: account.putVault, answer: account.done },
  GetObject: { kind: REQUEST.GetObject, body: account.getObject, answer: account.storedObject },
  PutObject: { kind: REQUEST.PutObject, body: account.putObject, answer: account.objectStored },
  GetLinks: { kind: REQUEST.GetLinks, body: chains.getLinks, answer: chains.links },
  AppendLinks: { kind: REQUEST.AppendLinks, body: chains.appendLinks, answer: chains.linksAppended },
  PutBoxes: { kind: REQUEST.PutBoxes, body: chains.putBoxes, answer: chains.boxesStaged },
  GetBoxes: { kind: REQUEST.GetBoxes, body: chains.getBoxes, answer: chains.boxes },
  Append: { kind: REQUEST.Append, body: threads.append, answer: threads.appended },
  GetThread: { kind: REQUEST.GetThread, body: threads.getThread, answer: threads.threadCard },
  GetEntries: { kind: REQUEST.GetEntries, body: threads.getEntries, answer: threads.entries },
  MarkRead: { kind: REQUEST.MarkRead, body: threads.markRead, answer: account.done },
  GetReads: { kind: REQUEST.GetReads, body: threads.getReads, answer: threads.reads },
  Focus: { kind: REQUEST.Focus, body: streams.focus, answer: streams.following },
  FollowPersonal: { kind: REQUEST.FollowPersonal, body: streams.followPersonal, answer: streams.following },
  Pull: { kind: REQUEST.Pull, body: streams.pull, answer: streams.streamPage },
  GetSnapshot: { kind: REQUEST.GetSnapshot, body: streams.getSnapshot, answer: streams.snapshot },
  ListThreads: { kind: REQUEST.ListThreads, body: streams.listThreads, answer: streams.threadList },
  Search: { kind: REQUEST.Search, body: directory.search, answer: directory.found },
  GetPerson: { kind: REQUEST.GetPerson, body: directory.getPerson, answer: directory.personCard },
  GetUnit: { kind: REQUEST.GetUnit, body: directory.getUnit, answer: directory.unitCard },
  CreateUnit: { kind: REQUEST.CreateUnit, body: directory.createUnit, answer: account.done },
  CreateTeam: { kind: REQUEST.CreateTeam, body: directory.createTeam, answer: account.done },
  CreateInvite: { kind: REQUEST.CreateInvite, body: directory.createInvite, answer: directory.inviteCreated },
  WithdrawInvite: { kind: REQUEST.WithdrawInvite, body: directory.withdrawInvite, answer: account.done },
  AcceptInvite: { kind: REQUEST.AcceptInvite, body: directory.acceptInvite, answer: account.done },
  GetPending: { kind: REQUEST.GetPending, body: directory.getPending, answer: directory.pending },
  SetSuspended: { kind: REQUEST.SetSuspended, body: directory.setSuspended, answer: account.done },
  GetBlob: { kind: REQUEST.GetBlob, body: files.getBlob, answer: files.blobCard },
  CallStart: { kind: REQUEST.CallStart, body: calls.callStart, answer: calls.callStarted },
  CallAdd: { kind: REQUEST.CallAdd, body: calls.callAdd, answer: calls.callStarted },
  CallJoin: { kind: REQUEST.CallJoin, body: calls.callJoin, answer: calls.callCard },
  CallAck: { kind: REQUEST.CallAck, body: calls.callAck, answer: account.done },
  CallDecline: { kind: REQUEST.CallDecline, body: calls.callDecline, answer: account.done },
  CallLeave: { kind: REQUEST.CallLeave, body: calls.callLeave, answer: account.done },
  CallEnd: { kind: REQUEST.CallEnd, body: calls.callEnd, answer: account.done },
  GetCalls: { kind: REQUEST.GetCalls, body: calls.getCalls, answer: calls.calls },
} as const;

/** What the server says unasked. */
export const EVENTS = {
  EntriesAppended: { kind: EVENT.EntriesAppended, body: events.entriesAppended },
  Invited: { kind: EVENT.Invited, body: events.invited },
  ThreadGone: { kind: EVENT.ThreadGone, body: events.threadGone },
  ChainGrew: { kind: EVENT.ChainGrew, body: events.chainGrew },
  ReadMoved: { kind: EVENT.ReadMoved, body: events.readMoved },
  SessionOpened: { kind: EVENT.SessionOpened, body: events.sessionOpened },
  SessionEnded: { kind: EVENT.SessionEnded, body: events.sessionEnded },
  ObjectChanged: { kind: EVENT.ObjectChanged, body: events.objectChanged },
  MemberWaits: { kind: EVENT.MemberWaits, body: events.memberWaits },
  CallMissed: { kind: EVENT.CallMissed, body: calls.callMissed },
  Badge: { kind: EVENT.Badge, body: events.badge },
  Progress: { kind: EVENT.Progress, body: events.progress },
  Typing: { kind: EVENT.Typing, body: events.typing },
  CallRings: { kind: EVENT.CallRings, body: calls.callRings },
  CallStopped: { kind: EVENT.CallStopped, body: calls.callStopped },
  CallChanged: { kind: EVENT.CallChanged, body: calls.callChanged },
} as const;

/** Greeting, heartbeat, resynchronisation. */
export const CONTROLS = {
  Greeting: { kind: CONTROL.Greeting, body: control.greeting },
  Hello: { kind: CONTROL.Hello, body: control.hello },
  Welcome: { kind: CONTROL.Welcome, body: control.welcome },
  Ping: { kind: CONTROL.Ping, body: control.ping },
  Pong: { kind: CONTROL.Pong, body: control.pong },
  CaughtUp: { kind: CONTROL.CaughtUp, body: control.caughtUp },
  Resync: { kind: CONTROL.Resync, body: control.resync },
} as const;
