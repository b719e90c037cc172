/** Words in English for everything that can fail: what happened, then what to do. */
import type { ErrorWords } from './codes';

const report = 'Write nothing clinical here and tell your administrators.';
const again = 'Try again in a moment.';
const signIn = 'Sign in again.';
const itself = 'Relais reconnects by itself.';

export const enErrors: ErrorWords = {
  refused: {
    Malformed: {
      title: 'The server did not understand the request.',
      todo: 'Reload the page. If it goes on, tell technical support.',
    },
    UnknownType: {
      title: 'The server does not know this request.',
      todo: 'Reload the page: it may be newer or older than the server.',
    },
    TooLarge: { title: 'That is too large.', todo: 'Shorten the text or attach a smaller file.' },
    Unauthenticated: { title: 'You are not signed in.', todo: signIn },
    SessionExpired: {
      title: 'Your session has run out.',
      todo: 'Sign in again. Nothing that was sent is lost.',
    },
    Revoked: {
      title: 'This session or account was blocked.',
      todo: 'If that was not you, call your administrators.',
    },
    WrongCredentials: { title: 'Wrong e-mail or password.', todo: 'Check both, and the caps lock key.' },
    CodeWrong: { title: 'That is not the right code.', todo: 'Take the code of the most recent mail.' },
    CodeExpired: { title: 'This code is no longer valid.', todo: 'Start again to receive a new one.' },
    TooManyTries: {
      title: 'Too many tries.',
      todo: 'Wait a little, then start again. Your administrators can unblock the account too.',
    },
    Throttled: { title: 'That is a little fast for the server.', todo: again },
    InviteNeeded: {
      title: 'This server takes invited people only.',
      todo: 'Ask your organization for an invitation code.',
    },
    InviteInvalid: {
      title: 'This invitation is not valid, or no longer.',
      todo: 'Ask whoever gave it to you for a new one.',
    },
    Forbidden: {
      title: 'You do not have the right to do this.',
      todo: 'If that is a mistake, ask your administrators for it.',
    },
    NotFound: { title: 'Not found, or not for you.', todo: 'Go back to the list.' },
    Conflict: {
      title: 'Somebody was faster.',
      todo: 'Look at the current state, then do it again if needed.',
    },
    Stale: { title: 'Things have changed in the meantime.', todo: again },
    AnsweredElsewhere: {
      title: 'The call was answered elsewhere.',
      todo: 'It goes on on another device, or with a colleague.',
    },
    CallOver: { title: 'The call is over.', todo: 'Call back if needed.' },
    InAnotherCall: { title: 'You are in another call.', todo: 'Leave that one first.' },
    CallUnderWay: { title: 'There is a call in this thread already.', todo: 'Join that one.' },
    NobodyToRing: {
      title: 'There is nobody to ring.',
      todo: 'Add somebody to the thread, or send a message.',
    },
    Closed: { title: 'The thread has been closed.', todo: 'Start a new thread. Your text is kept here.' },
    IdempotencyMismatch: { title: 'This request was made before in another form.', todo: 'Do it again.' },
    ChainRefused: {
      title: 'The server refused this signed act.',
      todo: 'Reload the page, then do it again.',
    },
    LimitReached: {
      title: 'A limit has been reached.',
      todo: 'Name a team instead of many people, or send in parts.',
    },
    BoxMissing: { title: 'Not all keys have reached the server.', todo: again },
    ContentMismatch: { title: 'The file was damaged on its way.', todo: 'Send it again.' },
    Overloaded: { title: 'The server is very busy.', todo: 'Relais tries again by itself. Nothing is lost.' },
    Unavailable: {
      title: 'The server is not available right now.',
      todo: 'Relais tries again by itself. Nothing is lost.',
    },
    StorageFull: {
      title: 'The server has no space left.',
      todo: 'Nothing is lost, but nothing is accepted: tell technical support.',
    },
    Internal: {
      title: 'The server met an error.',
      todo: 'Relais tries again. If it lasts, tell technical support.',
    },
    NotSupported: { title: 'This server cannot do that yet.', todo: 'It will take a later version.' },
    CoolingDown: {
      title: 'A safety delay is not over.',
      todo: 'Come back later: the delay protects your account.',
    },
  },
  closed: {
    Draining: { title: 'The server is restarting.', todo: itself },
    TooSlow: { title: 'The network is too slow.', todo: itself },
    Overloaded: { title: 'The server is very busy.', todo: itself },
    PingTimeout: { title: 'The connection stopped answering.', todo: itself },
    Replaced: { title: 'Relais is open in another tab.', todo: 'Go on there, or use Relais here.' },
    Unavailable: { title: 'The server is not available right now.', todo: itself },
    Internal: { title: 'A part of the server was restarted.', todo: itself },
    Malformed: { title: 'The server did not understand this page.', todo: 'Reload the page.' },
    UnsupportedVersion: { title: 'This page is out of date.', todo: 'Reload the page.' },
    TooLarge: { title: 'Something sent was too large.', todo: 'Reload the page, then send less at a time.' },
    AuthFailed: { title: 'The session was not recognized.', todo: signIn },
    SessionExpired: {
      title: 'Your session has run out.',
      todo: 'Sign in again. Nothing that was sent is lost.',
    },
    Revoked: { title: 'This session was ended.', todo: 'If that was not you, call your administrators.' },
  },
  hostile: {
    H01: { title: 'The server presented another key for a known person.', todo: report },
    H02: { title: 'A person’s card does not fit their signed identity.', todo: report },
    H03: { title: 'The server showed two versions of the same history.', todo: report },
    H04: { title: 'The server showed an older version than before.', todo: report },
    H05: { title: 'The server delivered data with wrong signatures.', todo: report },
    H06: {
      title: 'The author did not sign this message as it stands.',
      todo: 'Ask them another way what they wrote, and tell your administrators.',
    },
    H07: {
      title: 'A message of this thread is missing.',
      todo: 'Ask the participants another way whether you are missing something, and tell your administrators.',
    },
    H08: { title: 'The messages of this thread were put in another order.', todo: report },
    H09: { title: 'An old message was presented a second time.', todo: report },
    H10: { title: 'The participants did not all receive the same thread.', todo: report },
    H11: { title: 'The server showed an older version of this thread.', todo: report },
    H12: {
      title: 'Something was added after the thread was closed.',
      todo: 'Disregard it and tell your administrators.',
    },
    H13: { title: 'Somebody who takes no part could read this thread.', todo: report },
    H14: { title: 'Keys were not renewed after somebody left.', todo: report },
    H15: { title: 'The key received is not the one that was signed.', todo: report },
    H16: { title: 'The key received was exchanged.', todo: report },
    H17: {
      title: 'A key meant for you was not handed over.',
      todo: 'Relais asks for it again. If it lasts, tell your administrators.',
    },
    H18: {
      title: 'This message was changed on its way.',
      todo: 'Ask them to write it again, and tell your administrators.',
    },
    H19: { title: 'The server’s receipt does not fit the message.', todo: report },
    H20: {
      title: 'The server returned an old vault of keys.',
      todo: 'Do not go on with this device and tell your administrators.',
    },
    H21: {
      title: 'Your own identity was changed without you.',
      todo: 'Stop and call your administrators at once.',
    },
    H22: {
      title: 'The server asked for weaker password protection.',
      todo: 'Your password was not sent. Tell your administrators.',
    },
    H23: {
      title: 'This server is not the one you know.',
      todo: 'Do not type your password and tell your administrators.',
    },
    H24: {
      title: 'No administrator has signed this person’s membership.',
      todo: 'Check who they are by voice before you write.',
    },
    H25: {
      title: 'This file is not the one that was sent.',
      todo: 'Do not use it. Ask for it again and tell your administrators.',
    },
    H26: {
      title: 'The server left a hole in what it delivers.',
      todo: 'Reload the page. If it comes back, tell your administrators.',
    },
    H27: { title: 'The server keeps refusing what is up to date.', todo: report },
    H28: { title: 'Somebody else accepted the invitation.', todo: report },
    H29: { title: 'An old list of your threads was served.', todo: report },
  },
  local: {
    storage: {
      title: 'This browser refuses to store anything.',
      todo: 'Leave private browsing or allow storage for this site. Without it a session does not survive a reload.',
    },
    storageFull: {
      title: 'The storage of this browser is full.',
      todo: 'Free some space on the device, then try again.',
    },
    crypto: {
      title: 'This browser lacks what encryption needs.',
      todo: 'Use a recent Firefox, Chrome, Edge or Safari, at a secure address.',
    },
    tooLarge: { title: 'That is too large.', todo: 'Shorten the text or attach a smaller file.' },
    wrongSecret: { title: 'Wrong password or code.', todo: 'Check what you typed and the caps lock key.' },
    weakPassword: {
      title: 'This password is too easy to guess.',
      todo: 'Take at least 12 characters, for example several words.',
    },
    otherPassword: {
      title: 'What this browser kept does not open your account any more.',
      todo: 'Your password may have been changed. Sign in with the new one, or with the old one if it still works.',
    },
    notSignedIn: { title: 'You are not signed in.', todo: signIn },
    noKey: {
      title: 'Your account does not have the key to this.',
      todo: 'It was written before you joined or after you left.',
    },
    notFound: { title: 'Not found.', todo: 'Go back to the list.' },
    notPossible: {
      title: 'That is not possible right now.',
      todo: 'Things may have changed: reload the page, then try again.',
    },
    movedOn: {
      title: 'This participant’s situation has just changed.',
      todo: 'Nothing was done. Close this, look at the list again, then decide.',
    },
    unsettled: {
      title: 'No answer came: your account may have changed.',
      todo: 'Count neither on the old recovery code nor on the new one. When you are connected again, renew the code. If you were changing your password, try the new one first.',
    },
    lastOwner: {
      title: 'You are the last owner of this thread.',
      todo: 'Close it, or stay: without you nobody could close it or take anybody out.',
    },
    protocol: {
      title: 'The server’s answer makes no sense.',
      todo: 'Reload the page. If it goes on, tell technical support.',
    },
    version: { title: 'This page is out of date.', todo: 'Reload the page.' },
    otherTab: { title: 'Relais is open in another tab.', todo: 'Go on there, or use Relais here.' },
    damaged: {
      title: 'What this device kept no longer opens.',
      todo: 'Sign in again: your messages are on the server.',
    },
    clock: { title: 'The clock of this device is wrong.', todo: 'Set date and time, then try again.' },
    ownCheck: {
      title: 'This device stopped something that was not right.',
      todo: 'Nothing was sent. Reload the page and do it again.',
    },
    platform: { title: 'This device met an error.', todo: 'Reload the page and do it again.' },
  },
  offline: {
    unreachable: {
      title: 'The server does not answer.',
      todo: 'Check the network, then try again.',
    },
    noAnswer: {
      title: 'The answer did not arrive.',
      todo: 'Try again: Relais takes up the same request, nothing is done twice.',
    },
    busy: { title: 'Much is being sent already.', todo: again },
  },
  unknown: { title: 'The server refused.', todo: 'Reload the page. If it goes on, tell technical support.' },
};
