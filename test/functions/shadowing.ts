/** Statements in which a name that is visible outside stands for something else, or is no reference at all. */

import type { Form } from './statements.js';

/** A scope that declares the name as a number or the like, with room for more statements. */
export const shadowing = {
  shadowInBlock: (c, inner) => {
    const x = c.name();
    const declared = c.oneOf([
      `let ${x} = 1;`,
      `const ${x} = 2;`,
      `const { k: ${x} } = { k: 3 };`,
      `const [, ${x} = 4] = [];`,
      `const { ...${x} } = { r: 1 };`,
      `let ${x}; ${x} = 6;`,
    ]);
    return `{ ${declared} out.push(${x}); ${inner(c.with({ names: [[x, 'any']] }))} } out.push(${c.read()});`;
  },
  shadowByParameter: (c, inner) => {
    const x = c.name();
    const parameters = c.oneOf([
      x,
      `${x} = 2`,
      `...${x}`,
      `{ ${x} }`,
      `{ k: ${x} = 4 }`,
      `[${x} = 5]`,
      `z, { q: { ${x} } = { ${x}: 1 } }`,
    ]);
    const body = `const out = [${x}]; ${inner(c.with({ names: [[x, 'any']], isAsync: false }))} return out;`;
    const fn = c.oneOf([`(${parameters}) => { ${body} }`, `function (${parameters}) { ${body} }`]);
    return `try { out.push((${fn})([7], {})); } catch (e) { out.push(e.message); }`;
  },
  shadowByFunctionOrClass: (c, inner) => {
    const x = c.name();
    const [declared, used] = c.oneOf([
      [`function ${x}() { return 2; }`, `${x}()`],
      [`class ${x} { static v = 1; }`, `${x}.v`],
      [`async function* ${x}() { }`, `typeof ${x}`],
      [`class ${x} extends Array { static v = typeof ${x}; }`, `${x}.v`],
    ] as const);
    return `{ out.push(typeof out); ${declared} out.push(${used}); ${inner(c.with({ names: [[x, undefined]] }))} } out.push(${c.read()});`;
  },
  shadowByVar: (c) => {
    const x = c.name();
    const body = c.oneOf([
      `if (true) { var ${x} = 3; } return ${x};`,
      `const before = typeof ${x}; for (var ${x} = 0; ${x} < 2; ${x}++); return [before, ${x}];`,
      `for (var ${x} of [4, 5]); return ${x};`,
      `try { throw 1; } catch (${x}) { var ${x} = 5; } return ${x} ?? 'none';`,
      `switch (1) { case 1: var { ${x} } = { ${x}: 6 }; } return ${x};`,
      `lab: { var ${x} = 7; } return ${x};`,
      `return ${x}(); function ${x}() { return 8; }`,
      `do { var ${x} = 9; } while (0); while (!${x}) { } return [${x}, (() => ${x})()];`,
      `try { } finally { var [${x} = 1] = []; } return ${x};`,
      `for (var ${x} in { k: 1 }) if (0) ; else { var other = ${x}; } return other;`,
    ]);
    return `out.push((${c.oneOf(['function ()', '() =>'])} { ${body} })(), ${c.read()});`;
  },
  shadowByVarBehindParameters: (c) => {
    const x = c.dataName();
    if (/^\d/.test(x)) return `out.push(${x});`;
    // A parameter's default sees what is outside, although the body has a variable of that name.
    return `out.push(((held = ${x}, later = () => ${x}) => { var ${x} = 5; return [held, later(), ${x}]; })());`;
  },
  shadowInLoop: (c, inner) => {
    const x = c.name();
    const head = c.oneOf([
      `let ${x} = 0; ${x} < 2; ${x}++`,
      `const ${x} of [1, 2]`,
      `const ${x} in { a: 1 }`,
      `const { ${x} } of [{ ${x}: 1 }]`,
      `let [${x}, y = ${x}] of [[1], [2, 3]]`,
      `let ${x} = 5, f = () => ${x}; f() < 6; ${x}++, f = () => 9`,
    ]);
    return `for (${head}) { out.push(${x}); ${inner(c.with({ names: [[x, 'any']] }))} } out.push(${c.read()});`;
  },
  shadowInCatch: (c, inner) => {
    const x = c.name();
    const clause = c.oneOf([x, `{ message: ${x} }`, `{ ${x} = 4 }`, `[${x}, ...more]`]);
    return `try { throw Object.assign([1, 2], { message: 'm' }); } catch (${clause}) { out.push(typeof ${x}); ${inner(c.with({ names: [[x, undefined]] }))} } out.push(${c.read()});`;
  },
  shadowByOwnName: (c) => {
    const x = c.name();
    return c.oneOf([
      `out.push((function ${x}(k) { return k === 0 ? typeof ${x} : ${x}(k - 1); })(2), ${c.read()});`,
      `out.push(new (class ${x} { v() { return typeof ${x}; } })().v(), ${c.read()});`,
      `out.push((class ${x} { static self = ${x}; static same = ${x} === this.self; }).same, ${c.read()});`,
    ]);
  },
  shadowInSwitch: (c) => {
    const x = c.name();
    return `switch (${c.readNow()}) { case 0: out.push('case'); default: let ${x} = 4; out.push(${x}); } out.push(${c.read()});`;
  },
  useBeforeDeclaration: (c) => {
    const x = c.name();
    return c.oneOf([
      `try { out.push(${x}); let ${x} = 1; } catch (e) { out.push(e.name); }`,
      `try { switch (1) { case 0: let ${x}; default: ${x} = 4; } } catch (e) { out.push(e.name); }`,
      `try { for (const ${x} of [${x}]); } catch (e) { out.push(e.name); }`,
      `try { (({ held = ${x} }, ${x}) => held)({}); } catch (e) { out.push(e.name); }`,
      `try { class ${x} extends ${x} { } } catch (e) { out.push(e.name); }`,
    ]);
  },
  notAReference: (c) => {
    const x = c.name();
    return c.oneOf([
      `out.push({ ${x}: 1 }.${x}, ({ ${x}() { return 2; } }).${x}(), { get ${x}() { return 3; } }.${x});`,
      `${x}: for (;;) { break ${x}; }`,
      `${x}: { out.push(5); if (out) break ${x}; out.push(6); }`,
      `out.push(new (class { ${x} = 1; static ${x} = 2; get y() { return this.${x}; } })().y);`,
      `{ const { ${x}: z, other: { ${x}: w } = { ${x}: 3 } } = { ${x}: 7 }; out.push(z, w); }`,
      `out.push((class { #${x} = 4; static of(o) { return o.#${x}; } static make() { return this.of(new this()); } }).make());`,
      `{ let z; ({ ${x}: z } = { ${x}: 8 }); out.push(z, out.${x}, out?.${x}); }`,
    ]);
  },
} satisfies Record<string, Form>;
