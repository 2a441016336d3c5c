import type { Report } from '../report/report.ts';
export function renderPage(report: Report): string {
  return JSON.stringify(report);
}
