/** Where the person is, in step with the address bar. The History API and a matcher of our own. */
import { href, match, type Route } from '../routes';

/** The part of the browser that a router needs. */
export interface Bar {
  path(): string;
  push(path: string): void;
  replace(path: string): void;
  back(): void;
  /** Called after the person went back or forward. */
  onPop(then: () => void): () => void;
}

/** The current place. */
export class Router {
  route = $state.raw<Route>({ name: 'home' });
  /** Counts moves, so that a page knows that it was entered anew. */
  moves = $state(0);
  readonly #bar: Bar;
  #depth = 0;

  constructor(bar: Bar) {
    this.#bar = bar;
    this.route = match(bar.path());
  }

  /** Follows the browser's own back and forward; returns a function that ends it. */
  follow(): () => void {
    return this.#bar.onPop(() => {
      this.#depth = Math.max(0, this.#depth - 1);
      this.#arrive(match(this.#bar.path()));
    });
  }

  go(route: Route): void {
    if (href(route) === this.#bar.path()) return;
    this.#bar.push(href(route));
    this.#depth += 1;
    this.#arrive(route);
  }

  /** Like {@link go}, but going back does not lead here. */
  replace(route: Route): void {
    this.#bar.replace(href(route));
    this.#arrive(route);
  }

  /** Back, or home where the visit began here. */
  back(): void {
    if (this.#depth > 0) this.#bar.back();
    else this.replace({ name: 'home' });
  }

  #arrive(route: Route): void {
    this.route = route;
    this.moves += 1;
  }
}
