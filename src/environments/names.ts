/** The commands about environments and their builds. */
export const COMMANDS = {
  create: 'mltrain:new-environment',
  edit: 'mltrain:edit-environment',
  clone: 'mltrain:clone-environment',
  remove: 'mltrain:delete-environment',
  build: 'mltrain:build-environment',
  openBuild: 'mltrain:open-build',
  cancelBuild: 'mltrain:cancel-build',
  reclaim: 'mltrain:reclaim-space'
} as const;
