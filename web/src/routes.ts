/** The addresses of the page, both ways. Not known here: what is shown at them. */

/** Sections of the settings. */
export const SECTIONS = ['display', 'keys', 'security', 'devices', 'about'] as const;
export type Section = (typeof SECTIONS)[number];

/** Where the person is. */
export type Route =
  | { name: 'home' }
  | { name: 'thread'; id: string }
  | { name: 'compose' }
  | { name: 'settings'; section: Section }
  | { name: 'signIn' }
  | { name: 'register' }
  | { name: 'recover' }
  | { name: 'cast' }
  | { name: 'lost' };

const ID = /^[0-9a-f]{32}$/;

/** The place behind a path. An address that leads nowhere is a place too. */
export function match(path: string): Route {
  const [first = '', second, ...rest] = path.split('/').filter((part) => part !== '');
  if (rest.length > 0) return { name: 'lost' };
  if (first === 'thread' && second !== undefined && ID.test(second)) return { name: 'thread', id: second };
  if (first === 'settings') {
    const section = SECTIONS.find((one) => one === (second ?? 'display'));
    return section === undefined ? { name: 'lost' } : { name: 'settings', section };
  }
  if (second !== undefined) return { name: 'lost' };
  switch (first) {
    case '':
      return { name: 'home' };
    case 'new':
      return { name: 'compose' };
    case 'sign-in':
      return { name: 'signIn' };
    case 'register':
      return { name: 'register' };
    case 'recover':
      return { name: 'recover' };
    case 'cast':
      return { name: 'cast' };
    default:
      return { name: 'lost' };
  }
}

/** The path of a place. */
export function href(route: Route): string {
  switch (route.name) {
    case 'home':
    case 'lost':
      return '/';
    case 'thread':
      return `/thread/${route.id}`;
    case 'compose':
      return '/new';
    case 'settings':
      return route.section === 'display' ? '/settings' : `/settings/${route.section}`;
    case 'signIn':
      return '/sign-in';
    case 'register':
    case 'recover':
    case 'cast':
      return `/${route.name}`;
  }
}

/** Whether a place needs nobody to be signed in. */
export function isOutside(route: Route): boolean {
  return (
    route.name === 'signIn' || route.name === 'register' || route.name === 'recover' || route.name === 'cast'
  );
}
