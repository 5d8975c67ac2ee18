export type { ILogViewProps } from './logview';
export { LogView } from './logview';
