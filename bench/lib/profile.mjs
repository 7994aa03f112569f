/** What attune's launches cost, one by one and by kind. */

/** A launch of `backend.profile` as { launch, milliseconds }; `launch` names kernel, variant and sizes. */
export function profileRow({ kernel, variant, attributes, nanoseconds }) {
  return {
    launch: `${kernel} [${variant}] ${sizes(kernel, attributes)}`.trim(),
    milliseconds: nanoseconds / 1e6,
  };
}

function sizes(kernel, a) {
  if (kernel.startsWith('matmul')) return `${a.m}x${a.n}x${a.k}`;
  if (a.kernelHeight === undefined) return '';
  const filters = a.filters === undefined ? '' : ` -> ${a.filters}`;
  return `${a.kernelHeight}x${a.kernelWidth} /${a.strideHeight} ${a.height}x${a.width}x${a.channels}${filters}`;
}

/** Lines of a table: launches of one kind together, the most expensive first. */
export function profileTable(rows) {
  const kinds = new Map();
  let total = 0;
  for (const { launch, milliseconds } of rows) {
    const kind = kinds.get(launch) ?? { times: 0, milliseconds: 0 };
    kind.times++;
    kind.milliseconds += milliseconds;
    kinds.set(launch, kind);
    total += milliseconds;
  }
  const lines = [...kinds]
    .sort(([, a], [, b]) => b.milliseconds - a.milliseconds)
    .map(([launch, { times, milliseconds }]) => {
      const share = ((100 * milliseconds) / total).toFixed(1);
      return `| ${launch} | ${times} | ${milliseconds.toFixed(2)} | ${share} % |`;
    });
  return [
    '| launch | times | ms | share |',
    '|---|---|---|---|',
    ...lines,
    `| all | ${rows.length} | ${total.toFixed(2)} | 100 % |`,
  ];
}
