/** A process's /metrics page, as text. */
export async function scrape(statusUrl: string): Promise<string> {
  const response = await fetch(`${statusUrl}/metrics`, { signal: AbortSignal.timeout(5_000) });
  return response.text();
}

/** One metric of a page: the sum over the lines that hold `labels`, such as `reason="NO_CERTIFICATE"`. */
export function metricIn(page: string, name: string, labels = ''): number {
  return page
    .split('\n')
    .filter((line) => (line.startsWith(`${name} `) || line.startsWith(`${name}{`)) && line.includes(labels))
    .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' ') + 1)), 0);
}
