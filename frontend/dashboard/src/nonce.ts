/**
 * The nonce that the server made for this page: the content policy allows only style elements that carry it. Mantine
 * asks for it; the scroll lock of its dialogues looks for webpack's global instead.
 */
export function shareStyleNonce(page: Document = document): string {
  const nonce = page.querySelector<HTMLMetaElement>("meta[property=csp-nonce]")?.nonce ?? "";
  Object.assign(globalThis, { __webpack_nonce__: nonce });
  return nonce;
}
