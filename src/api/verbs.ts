import type { IModelQuery, IVerbs } from '../tokens';

import type { Requests } from './requests';
import { fileParts } from './requests';
import type * as wire from './wire';

/** What can be asked of one workspace. */
export class Verbs implements IVerbs {
  constructor(
    private readonly _requests: Requests,
    private readonly _workspaceId: string
  ) {}

  cancel(runId: string): Promise<wire.Run> {
    return this._post(['runs', runId, 'cancel']);
  }

  again(runId: string, changes: wire.AgainRequest = {}): Promise<wire.Run> {
    const body: wire.AgainRequest = { request_id: freshId(), ...changes };
    return this._post(['runs', runId, 'again'], body);
  }

  remove(runId: string): Promise<wire.Run> {
    return this._requests.json(this._parts('runs', runId), { method: 'DELETE' });
  }

  prioritize(runId: string, request: wire.PriorityRequest): Promise<wire.Run> {
    return this._post(['runs', runId, 'priority'], request);
  }

  tag(runId: string, request: wire.TagRequest): Promise<wire.Run> {
    return this._post(['runs', runId, 'tags'], request);
  }

  submit(form: wire.SubmitForm): Promise<wire.Run> {
    return this._post(['submit'], { request_id: freshId(), ...form });
  }

  preview(form: wire.SubmitForm): Promise<wire.Preview> {
    return this._post(['preview'], form);
  }

  arguments(path: string): Promise<wire.ScriptArguments> {
    return this._get(['arguments'], { path });
  }

  status(): Promise<wire.ServiceStatus> {
    return this._get(['status']);
  }

  experiments(): Promise<{ [name: string]: number }> {
    return this._get(['experiments']);
  }

  history(runId: string): Promise<wire.StateChange[]> {
    return this._get(['runs', runId, 'history']);
  }

  files(
    runId: string,
    query: { prefix?: string; limit?: number; after?: string } = {}
  ): Promise<wire.FilePage> {
    return this._get(['runs', runId, 'files'], query);
  }

  folder(
    runId: string,
    query: { path?: string; limit?: number; after?: string } = {}
  ): Promise<wire.FolderPage> {
    return this._get(['runs', runId, 'folder'], query);
  }

  snapshot(
    runId: string,
    query: { limit?: number; after?: string } = {}
  ): Promise<wire.SnapshotPage> {
    return this._get(['runs', runId, 'snapshot'], query);
  }

  readFile(
    runId: string,
    name: string,
    limitBytes: number
  ): Promise<{ data: Uint8Array; size: number }> {
    const parts = this._parts('runs', runId, 'files', ...fileParts(name));
    return this._requests.bytes(parts, 0, limitBytes);
  }

  readSnapshotFile(
    runId: string,
    name: string,
    limitBytes: number
  ): Promise<{ data: Uint8Array; size: number }> {
    const parts = this._parts('runs', runId, 'snapshot', ...fileParts(name));
    return this._requests.bytes(parts, 0, limitBytes);
  }

  fileUrl(runId: string, name: string): string {
    return this._requests.url(this._parts('runs', runId, 'files', ...fileParts(name)));
  }

  zipUrl(runId: string, prefix?: string): string {
    return this._requests.url(this._parts('runs', runId, 'zip'), { prefix });
  }

  pythons(): Promise<wire.PythonInfo[]> {
    return this._requests.json(['pythons'], { background: true });
  }

  environment(name: string, version?: string): Promise<wire.EnvironmentDetails> {
    return this._get(['environments', name], { version });
  }

  describe(form: wire.EnvironmentForm): Promise<wire.EnvironmentVersion> {
    return this._post(['describe'], form);
  }

  removeEnvironment(name: string, version?: string): Promise<wire.EnvironmentDetails> {
    const parts = this._parts('environments', name);
    return this._requests.json(parts, { method: 'DELETE', query: { version } });
  }

  startBuild(request: wire.BuildRequest): Promise<wire.Build> {
    return this._post(['builds'], request);
  }

  builds(environment: string): Promise<wire.Build[]> {
    return this._get(['builds'], { environment });
  }

  cancelBuild(buildId: string): Promise<wire.Build> {
    return this._post(['builds', buildId, 'cancel']);
  }

  removeBuild(buildId: string): Promise<wire.Build> {
    return this._requests.json(this._parts('builds', buildId), { method: 'DELETE' });
  }

  difference(buildId: string): Promise<wire.Difference> {
    return this._get(['builds', buildId, 'difference']);
  }

  reclaim(request: wire.ReclaimRequest): Promise<wire.ReclaimReport> {
    return this._post(['environments', 'reclaim'], request);
  }

  buildLogUrl(buildId: string): string {
    return this._requests.url(this._parts('builds', buildId, 'log'));
  }

  keepPassword(body: wire.CredentialsRequest): Promise<void> {
    return this._requests.done(this._parts('credentials'), { method: 'PUT', body });
  }

  attach(request: wire.AttachRequest): Promise<wire.ComputeStatus> {
    return this._post(['computes'], request);
  }

  detach(compute: string): Promise<void> {
    return this._requests.done(this._parts('computes', compute), { method: 'DELETE' });
  }

  computes(): Promise<wire.ComputeStatus[]> {
    return this._get(['computes']);
  }

  vmSizes(): Promise<wire.VmSize[]> {
    return this._get(['vm-sizes']);
  }

  createCluster(request: wire.ClusterRequest): Promise<wire.ComputeStatus> {
    return this._post(['clusters'], request);
  }

  changeCluster(name: string, change: wire.ClusterChange): Promise<wire.ComputeStatus> {
    return this._post(['clusters', name], change);
  }

  removeCluster(name: string): Promise<void> {
    return this._requests.done(this._parts('clusters', name), { method: 'DELETE' });
  }

  models({ name, run, latest }: IModelQuery): Promise<wire.Model[]> {
    return this._get(['models'], { name, run, latest: latest && 1, brief: 1 });
  }

  model(name: string, version: number): Promise<wire.Model> {
    return this._get(['models', name, String(version)]);
  }

  registerModel(request: wire.ModelRequest): Promise<wire.Model> {
    return this._post(['models'], { request_id: freshId(), ...request });
  }

  changeModel(name: string, version: number, change: wire.ModelChange): Promise<wire.Model> {
    return this._post(['models', name, String(version)], change);
  }

  removeModel(name: string, version: number): Promise<void> {
    const parts = this._parts('models', name, String(version));
    return this._requests.done(parts, { method: 'DELETE' });
  }

  modelUrl(name: string, version: number): string {
    return this._requests.url(this._parts('models', name, String(version), 'download'));
  }

  modelFileUrl(name: string, version: number, file: string): string {
    const parts = this._parts('models', name, String(version), 'files', ...fileParts(file));
    return this._requests.url(parts);
  }

  private _parts(...parts: string[]): string[] {
    return ['workspaces', this._workspaceId, ...parts];
  }

  // Most of what is looked at is looked at because something has changed, not by the user.
  private _get<T>(
    parts: string[],
    query: { [name: string]: string | number | undefined } = {}
  ): Promise<T> {
    return this._requests.json(this._parts(...parts), { query, background: true });
  }

  private _post<T>(parts: string[], body?: unknown): Promise<T> {
    return this._requests.json(this._parts(...parts), { method: 'POST', body });
  }
}

/** Names one request, so that the same one sent again after a cut is not done twice. */
function freshId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(8));
  return Array.from(bytes, byte => byte.toString(16).padStart(2, '0')).join('');
}
