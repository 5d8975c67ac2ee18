/** The commands about models. */
export const COMMANDS = {
  open: 'mltrain:open-model',
  download: 'mltrain:download-model',
  copyName: 'mltrain:copy-model-name',
  copyCode: 'mltrain:copy-model-code',
  register: 'mltrain:register-model',
  remove: 'mltrain:delete-model'
} as const;
