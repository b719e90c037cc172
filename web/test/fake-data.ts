/** Made-up people and talk for the fake worker. Nobody of this exists. */
import type {
  EntryContent,
  EntryView,
  FileView,
  Id,
  Ms,
  PartyView,
  PersonView,
  TeamView,
  ThreadRow,
} from '../src/e2ee/api';

/** An id from a small number. */
export const id = (kind: number, number: number): Id =>
  `${kind.toString(16).padStart(8, '0')}${number.toString(16).padStart(24, '0')}`;

export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

export const HOSPITAL = { id: id(1, 1), name: 'Hôpital Sainte-Fiction' };
export const CLINIC = { id: id(1, 2), name: 'Clinique des Érables' };

const NAMES = [
  'Inès Belmont',
  'Karim Delorme',
  'Odile Vasseur',
  'Théo Lacasse',
  'Maya Roussel',
  'Solange Ferrand',
  'Élise Gagnon',
  'Farid Haddad',
  'Gaëlle Imbert',
  'Hugo Joly',
  'Irène Kessler',
  'Jonas Lemire',
  'Katia Morin',
  'Léo Nadeau',
  'Mona Ouellet',
  'Noé Pépin',
  'Björn Åkesson',
  'Zoë O’Connor-Müller',
  'أمينة الخطيب',
  'דוד לוי',
  '王小明',
  'Ana María de los Ángeles Fernández y Gutiérrez de la Vega',
];

export const PEOPLE: PersonView[] = NAMES.map((name, i) => ({
  user: id(2, i + 1),
  name,
  orgs: i === 3 || i === 4 ? [CLINIC.name] : [HOSPITAL.name],
  standing: i === 4 ? 'known' : i === 13 ? 'changed' : 'attested',
}));

export const TEAMS: TeamView[] = [
  'Équipe des urgences',
  'Équipe de médecine',
  'Pharmacie de garde',
  'Soins à domicile',
  'Direction des soins',
].map((name, i) => ({
  team: id(3, i + 1),
  name,
  org: i === 3 ? CLINIC.id : HOSPITAL.id,
  unit: id(4, i + 1),
}));

export const person = (i: number): PersonView => PEOPLE[i % PEOPLE.length]!;
export const team = (i: number): TeamView => TEAMS[i % TEAMS.length]!;

/** What a seeded message is. */
export type Seed =
  | { by: number; at: Ms; text: string; files?: FileView[]; reply?: number }
  | { by: number; at: Ms; content: EntryContent };

/** A thread before it is made. */
export interface ThreadSeed {
  title: string;
  priority: ThreadRow['priority'];
  patient: string | null;
  people: number[];
  teams: number[];
  unread: number;
  closed?: boolean;
  invited?: boolean;
  alarm?: boolean;
  seeds: Seed[];
}

export const PHOTO: FileView = {
  id: id(9, 1),
  name: 'plaie-talon-gauche.jpg',
  mediaType: 'image/jpeg',
  size: 284_000,
};
export const VOICE: FileView = {
  id: id(9, 2),
  name: 'Message vocal.webm',
  mediaType: 'audio/webm',
  size: 61_000,
};
export const PDF: FileView = {
  id: id(9, 3),
  name: 'bilan-sanguin-2026-11-21.pdf',
  mediaType: 'application/pdf',
  size: 1_240_000,
};

/** The threads of the demonstration, told from `now` back. */
export function threads(now: Ms): ThreadSeed[] {
  const ago = (ms: Ms): Ms => now - ms;
  return [
    {
      title: 'Plaie au talon : avis pour ce soir',
      priority: 'soon',
      patient: 'M. Fictif, ch. 312',
      people: [0, 1, 2],
      teams: [0],
      unread: 2,
      seeds: [
        { by: 0, at: ago(26 * HOUR), content: { kind: 'act', act: 'create', subjects: [], detail: null } },
        {
          by: 0,
          at: ago(26 * HOUR),
          text: 'Bonjour, la plaie au talon gauche s’étend depuis hier : **3 cm sur 2**, exsudat clair, pas d’odeur. Température 37,4.\n\nJe change le pansement à 16 h et j’ajoute une photo.',
        },
        {
          by: 1,
          at: ago(25.6 * HOUR),
          text: 'Merci. Deux questions :\n\n- le pouls pédieux est-il perçu ?\n- quelle était la dernière albumine ?',
          reply: 1,
        },
        {
          by: 0,
          at: ago(25.4 * HOUR),
          text: 'Pouls perçu des deux côtés. Albumine à 29 g/L le 18.',
          reply: 2,
        },
        {
          by: 0,
          at: ago(3.2 * HOUR),
          content: { kind: 'act', act: 'add', subjects: ['Odile Vasseur'], detail: null },
        },
        { by: 0, at: ago(3 * HOUR), text: 'La photo de cet après-midi :', files: [PHOTO] },
        {
          by: 2,
          at: ago(2.2 * HOUR),
          text: 'Vu. Je propose un hydrofibre à l’argent, à changer aux 48 h. Rien ne s’y oppose dans son dossier pharmacologique.',
        },
        {
          by: 1,
          at: ago(12 * MINUTE),
          text: 'D’accord avec Odile. Je passe le voir vers 18 h.',
          files: [VOICE],
        },
        {
          by: 1,
          at: ago(9 * MINUTE),
          text: 'Pouvez-vous prévoir une culture avant le changement de pansement ?',
        },
      ],
    },
    {
      title: 'Potassium à 6,1 : contrôle immédiat',
      priority: 'urgent',
      patient: 'Mme Exemple, ch. 207',
      people: [0, 1, 7],
      teams: [0, 1],
      unread: 1,
      seeds: [
        { by: 7, at: ago(31 * MINUTE), content: { kind: 'act', act: 'create', subjects: [], detail: null } },
        {
          by: 7,
          at: ago(30 * MINUTE),
          text: 'K⁺ à 6,1 mmol/L au bilan de 13 h, non hémolysé. ECG demandé.',
          files: [PDF],
        },
        { by: 0, at: ago(22 * MINUTE), text: 'ECG fait, transmis. Pas de trouble de conduction visible.' },
        {
          by: 1,
          at: ago(4 * MINUTE),
          text: 'Je monte. Gluconate de calcium prêt au chevet, s’il vous plaît.',
        },
      ],
    },
    {
      title: 'Transfert au 3ᵉ étage',
      priority: 'routine',
      patient: 'M. Imaginaire, ch. 118',
      people: [0, 8, 9],
      teams: [1],
      unread: 0,
      seeds: [
        { by: 8, at: ago(5 * HOUR), content: { kind: 'act', act: 'create', subjects: [], detail: null } },
        { by: 8, at: ago(5 * HOUR), text: 'Le lit 12 sera libre à partir de 14 h.' },
        { by: 0, at: ago(4.8 * HOUR), text: 'Parfait, je préviens le brancardier. 👍' },
      ],
    },
    {
      title: 'Suivi après le congé',
      priority: 'routine',
      patient: 'Mme Roussel',
      people: [0, 3, 4],
      teams: [3],
      unread: 0,
      invited: true,
      seeds: [
        { by: 3, at: ago(7 * HOUR), content: { kind: 'act', act: 'create', subjects: [], detail: null } },
        {
          by: 3,
          at: ago(7 * HOUR),
          content: { kind: 'act', act: 'invite', subjects: ['Inès Belmont'], detail: null },
        },
      ],
    },
    {
      title: 'Anticoagulant avant l’intervention',
      priority: 'soon',
      patient: 'M. Fictif, ch. 312',
      people: [0, 2],
      teams: [],
      unread: 0,
      seeds: [
        { by: 0, at: ago(20 * HOUR), text: 'Faut-il suspendre l’apixaban demain matin ?' },
        {
          by: 2,
          at: ago(19.8 * HOUR),
          text: 'Oui : dernière dose ce soir, reprise 24 h après si tout va bien.',
        },
        { by: 0, at: ago(19.7 * HOUR), text: 'Merci, c’est noté au dossier.' },
      ],
    },
    {
      title: 'Divergence à vérifier',
      priority: 'routine',
      patient: null,
      people: [0, 13, 10],
      teams: [],
      unread: 0,
      alarm: true,
      seeds: [
        { by: 10, at: ago(28 * HOUR), text: 'La liste des gardes de décembre est prête.' },
        { by: 13, at: ago(27 * HOUR), content: { kind: 'bad', why: { kind: 'hostile', code: 'H06' } } },
        { by: 10, at: ago(26.5 * HOUR), content: { kind: 'unreadable' } },
        { by: 0, at: ago(26 * HOUR), text: 'Léo, je vous appelle pour confirmer.' },
      ],
    },
    {
      title: 'Night shift handover',
      priority: 'routine',
      patient: null,
      people: [0, 17, 16],
      teams: [1],
      unread: 0,
      seeds: [
        { by: 17, at: ago(31 * HOUR), text: 'Quiet night so far, two admissions expected around 23:00.' },
        { by: 16, at: ago(30 * HOUR), text: 'Thanks. Handing over at 7, the list is in the usual place.' },
      ],
    },
    {
      title: 'Interprète pour jeudi',
      priority: 'routine',
      patient: null,
      people: [0, 18, 19],
      teams: [],
      unread: 0,
      seeds: [
        {
          by: 18,
          at: ago(2.2 * DAY),
          text: 'صباح الخير، هل يمكننا تأكيد موعد المترجم يوم الخميس الساعة 10؟',
        },
        { by: 19, at: ago(2.1 * DAY), text: 'כן, יום חמישי ב־10:00 מתאים.' },
        { by: 0, at: ago(2 * DAY), text: 'Merci 🙏🏽 Je réserve la salle 4.' },
      ],
    },
    {
      title: 'Pansement complexe à domicile',
      priority: 'routine',
      patient: 'M. Inventé',
      people: [0, 3],
      teams: [3],
      unread: 0,
      closed: true,
      seeds: [
        { by: 3, at: ago(4 * DAY), text: 'Pouvez-vous m’envoyer le protocole de pansement ?' },
        { by: 0, at: ago(3.9 * DAY), text: 'Voici.', files: [PDF] },
        {
          by: 3,
          at: ago(3.8 * DAY),
          content: { kind: 'act', act: 'close', subjects: [], detail: 'C’est réglé, merci.' },
        },
      ],
    },
    {
      title: 'Formation sur les pompes volumétriques',
      priority: 'routine',
      patient: null,
      people: [0, 5, 6, 8, 11, 12],
      teams: [4],
      unread: 0,
      seeds: [
        { by: 5, at: ago(6 * DAY), text: 'La séance est déplacée à mardi, 13 h 30, salle de conférence B.' },
        { by: 6, at: ago(5.9 * DAY), text: 'J’y serai.' },
      ],
    },
    {
      title: 'Résultats de laboratoire',
      priority: 'routine',
      patient: 'Mme Exemple, ch. 207',
      people: [0, 7],
      teams: [],
      unread: 0,
      seeds: [{ by: 7, at: ago(8 * DAY), text: 'Le contrôle est revenu normal.' }],
    },
  ];
}

/** A party of a thread. */
export function partyOf(
  one: PersonView,
  state: PartyView['state'],
  reached: number,
  read: number,
): PartyView {
  return {
    id: one.user,
    kind: 'user',
    name: one.name,
    org: one.orgs[0] ?? null,
    state,
    delivered: reached,
    read,
    removable: one.user !== PEOPLE[0]?.user && (state === 'active' || state === 'invited'),
  };
}

/** Entries of a seed, in order. */
export function entriesOf(thread: Id, seed: ThreadSeed, me: number): EntryView[] {
  const entries: EntryView[] = [];
  seed.seeds.forEach((one, i) => {
    const author = person(one.by);
    const mine = one.by === me;
    const replyTo = 'reply' in one && one.reply !== undefined ? (entries[one.reply]?.id ?? null) : null;
    const others = seed.people.filter((p) => p !== me).map((p) => person(p).user);
    const late = i === seed.seeds.length - 1;
    entries.push({
      thread,
      id: id(6, Number.parseInt(thread.slice(-6), 16) * 1_000 + i + 1),
      n: i + 1,
      author: author.user,
      authorName: author.name,
      mine,
      at: one.at,
      content:
        'content' in one
          ? one.content
          : {
              kind: 'text',
              text: one.text,
              files: one.files ?? [],
              mentions: [],
              replyTo,
              title: i === 0 ? seed.title : null,
            },
      delivery: mine
        ? late
          ? { state: 'delivered', to: others.slice(0, 1) }
          : { state: 'read', by: others }
        : null,
    });
  });
  return entries;
}
