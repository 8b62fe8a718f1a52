/** What is built to be part of the page, as text: see scripts/build.mjs. */
declare module 'page-part:*' {
  const text: string;
  export default text;
}
