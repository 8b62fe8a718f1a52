/** The worker runtimes, each bundled to one text by the build, so that nothing on disk has to be found at run time. */
declare module 'worker-source:*' {
  const source: string;
  export default source;
}
