/** What the tests use of packages that bring no types. */

declare module '@vercel/ncc' {
  export default function ncc(
    entry: string,
    options: { cache: boolean; quiet: boolean; minify: boolean },
  ): Promise<{ code: string; assets: Record<string, unknown> }>;
}

declare module 'postject' {
  export function inject(
    file: string,
    resource: string,
    data: Buffer,
    options: { sentinelFuse: string },
  ): Promise<void>;
}
