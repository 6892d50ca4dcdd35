// The code blocks of a page of the documentation, with what the comments before them tell the test.

export interface Block {
  readonly page: string;
  readonly line: number;
  readonly language: string;
  readonly text: string;
  /** Variables of the operation; texts such as "$id" stand for values saved before. */
  readonly variables: Readonly<Record<string, string>>;
  /** Names under which parts of the answer are saved, with their paths. */
  readonly saves: readonly (readonly [name: string, path: string])[];
  /** The code of the error that the answer must have. */
  readonly error: string | undefined;
  /** How many results of a subscription to await. */
  readonly first: number;
  /** Seconds after which a command that streams is ended. */
  readonly timeout: number | undefined;
  /** The path of the file in the app folder that this block is. */
  readonly file: string | undefined;
  /** Why the block is not run. */
  readonly skip: string | undefined;
}

const fence = /(?<directives>(?:^<!-- test: .* -->\n)*)^```(?<language>\w+)\n(?<text>[^]*?)^```$/gm;

export function blocksOf(page: string, markdown: string): Block[] {
  return [...markdown.matchAll(fence)].map(({ groups = {}, index }) => {
    const { directives = '', language = '', text = '' } = groups;
    const given = [...directives.matchAll(/<!-- test: (\w+) ?(.*?) -->/g)];
    const of = (name: string) => given.find(([, kind]) => kind === name)?.[2];
    return {
      page,
      line: markdown.slice(0, index).split('\n').length + directives.split('\n').length - 1,
      language,
      text,
      variables: JSON.parse(of('with') ?? '{}') as Record<string, string>,
      saves: given
        .filter(([, kind]) => kind === 'save')
        .map(([, , assignment = '']) => assignment.split('=') as [string, string]),
      error: of('error'),
      first: Number(of('first') ?? 0),
      timeout: of('timeout') === undefined ? undefined : Number(of('timeout')),
      file: of('file'),
      skip: of('skip'),
    };
  });
}

/** The targets of a page's links and images, without those of other hosts. */
export function linksOf(markdown: string): string[] {
  const prose = markdown.replace(/^```[^]*?^```$/gm, '').replace(/`[^`\n]*`/g, '');
  return [...prose.matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, target]) => target!)
    .filter((target) => !/^https?:/.test(target));
}

/** The anchors of a page's headings, as GitHub makes them. */
export function anchorsOf(markdown: string): string[] {
  return [...markdown.matchAll(/^#+ (.*)$/gm)].map(([, heading]) =>
    heading!
      .toLowerCase()
      .replace(/[^\w\- ]/g, '')
      .replace(/ /g, '-'),
  );
}
