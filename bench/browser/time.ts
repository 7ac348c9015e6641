/** In ms, on a base that a page and its workers share. */
export const now = (): number => performance.timeOrigin + performance.now();
