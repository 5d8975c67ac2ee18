/** The commands about environments, their builds and compute targets. */
export const COMMANDS = {
  create: 'mltrain:new-environment',
  edit: 'mltrain:edit-environment',
  clone: 'mltrain:clone-environment',
  remove: 'mltrain:delete-environment',
  build: 'mltrain:build-environment',
  openBuild: 'mltrain:open-build',
  cancelBuild: 'mltrain:cancel-build',
  reclaim: 'mltrain:reclaim-space',
  attach: 'mltrain:attach-compute',
  detach: 'mltrain:detach-compute'
} as const;
