/** The commands about compute targets. */
export const COMMANDS = {
  attach: 'mltrain:attach-compute',
  detach: 'mltrain:detach-compute',
  createCluster: 'mltrain:new-cluster',
  editCluster: 'mltrain:edit-cluster',
  copyClusterCode: 'mltrain:copy-cluster-code',
  removeCluster: 'mltrain:delete-cluster'
} as const;
