"""What Azure's SDK v1 (azureml-core 1.61) takes: paths below `azureml`, parameters, defaults.

The entries that the documents and what they link to use, those that three or more training files
use, and all of workspaces, key vaults and ways to sign in. HyperDrive and deployment are left out.
"""

from __future__ import annotations

from typing import Final

CALLS: Final = """
core.Run.wait_for_completion(show_output=False, wait_post_processing=False, raise_on_error=True)
core.Run.register_model(model_name, model_path=None, tags=None, properties=None,
    model_framework=None, model_framework_version=None, description=None, datasets=None,
    sample_input_dataset=None, sample_output_dataset=None, resource_configuration=None,
    **kwargs)
core.Run.get_file_names()
core.Run.download_file(name, output_file_path=None)
core.Run.get_details()
core.Run.get_context(allow_offline=True, used_for_context_manager=False, **kwargs)
core.Run.log(name, value, description='', step=None)
core.Run.get_metrics(name=None, recursive=False, run_type=None, populate=False)
core.Run.get_status()
core.Run.log_image(name, path=None, plot=None, description='')
core.Run.complete()
core.Run.upload_file(name, path_or_stream, datastore_name=None)
core.Run.get_environment()
core.Run.get_children(recursive=False, tags=None, properties=None, type=None, status=None)
core.Run.log_list(name, value, description='')
core.Run.set_tags(tags)
core.Run.__init__(experiment, run_id, outputs=None, **kwargs)
core.Run.child_run(name=None, run_id=None, outputs=None)
core.Run.get_portal_url()
core.Run.download_files(prefix=None, output_directory=None, output_paths=None, batch_size=100,
    append_prefix=True, timeout_seconds=None)
core.Run.log_row(name, description=None, **kwargs)
core.Run.tag(key, value=None)
core.Workspace.from_config(path=None, auth=None)
core.Workspace.get_default_datastore()
core.Workspace.get_mlflow_tracking_uri()
core.Workspace.get_details()
core.Workspace.create(name, auth=None, subscription_id=None, resource_group=None, location=None,
    create_resource_group=True, sku='basic', tags=None, friendly_name=None,
    storage_account=None, key_vault=None, app_insights=None, container_registry=None,
    adb_workspace=None, primary_user_assigned_identity=None, cmk_keyvault=None,
    resource_cmk_uri=None, hbi_workspace=False, default_cpu_compute_target=None,
    default_gpu_compute_target=None, private_endpoint_config=None,
    private_endpoint_auto_approval=True, exist_ok=False, show_output=True,
    user_assigned_identity_for_cmk_encryption=None, system_datastores_auth_mode='accessKey',
    v1_legacy_mode=None)
core.Workspace.write_config(path=None, file_name=None)
core.Workspace.__init__(subscription_id, resource_group, workspace_name, auth=None, sku='basic',
    tags=None)
core.Workspace.get_default_keyvault()
core.Workspace.delete(delete_dependent_resources=False, no_wait=False)
core.Workspace.get(name, auth=None, subscription_id=None, resource_group=None, location=None,
    cloud='AzureCloud', id=None)
core.Workspace.set_default_datastore(name)
core.Workspace.add_private_endpoint(private_endpoint_config,
    private_endpoint_auto_approval=True, location=None, show_output=True, tags=None)
core.Workspace.delete_connection(name)
core.Workspace.delete_private_endpoint_connection(private_endpoint_connection_name)
core.Workspace.diagnose_workspace(diagnose_parameters)
core.Workspace.get_connection(name)
core.Workspace.get_default_compute_target(type)
core.Workspace.get_run(run_id)
core.Workspace.list(subscription_id, auth=None, resource_group=None)
core.Workspace.list_connections(category=None, target=None)
core.Workspace.list_keys()
core.Workspace.set_connection(name, category, target, authType, value)
core.Workspace.setup()
core.Workspace.sync_keys(no_wait=False)
core.Workspace.update(friendly_name=None, description=None, tags=None, image_build_compute=None,
    service_managed_resources_settings=None, primary_user_assigned_identity=None,
    allow_public_access_when_behind_vnet=None, v1_legacy_mode=None)
core.Workspace.update_dependencies(container_registry=None, force=False)
core.Experiment.__init__(workspace, name, **kwargs)
core.Experiment.submit(config, tags=None, **kwargs)
core.Experiment.start_logging(*args, **kwargs)
core.Experiment.get_runs(type=None, tags=None, properties=None, include_children=False)
core.Environment.from_conda_specification(name, file_path)
core.Environment.__init__(name, **kwargs)
core.Environment.register(workspace)
core.Environment.get(workspace, name, version=None, label=None)
core.Environment.from_pip_requirements(name, file_path, pip_version=None)
core.Environment.from_dockerfile(name, dockerfile, conda_specification=None,
    pip_requirements=None)
core.Environment.build(workspace, image_build_compute=None)
core.ScriptRunConfig.__init__(source_directory, script=None, arguments=None, run_config=None,
    compute_target=None, environment=None, distributed_job_config=None, resume_from=None,
    max_run_duration_seconds=2592000, command=None, docker_runtime_config=None)
core.compute.AmlCompute.wait_for_completion(show_output=False, min_node_count=None,
    timeout_in_minutes=25, is_delete_operation=False)
core.compute.AmlCompute.provisioning_configuration(vm_size='', vm_priority='dedicated',
    min_nodes=0, max_nodes=None, idle_seconds_before_scaledown=1800, admin_username=None,
    admin_user_password=None, admin_user_ssh_key=None, vnet_resourcegroup_name=None,
    vnet_name=None, subnet_name=None, tags=None, description=None,
    remote_login_port_public_access='NotSpecified', identity_type=None, identity_id=None,
    location=None, enable_node_public_ip=True)
core.compute.AmlCompute.get_status()
core.compute.AmlCompute.supported_vmsizes(workspace, location=None)
core.compute.ComputeTarget.create(workspace, name, provisioning_configuration)
core.compute.ComputeTarget.__init__(workspace, name)
core.compute.ComputeTarget.attach(workspace, name, attach_configuration)
core.Dataset.get_by_name(workspace, name, version='latest', **kwargs)
core.Dataset.get_by_id(workspace, id, **kwargs)
core.compute.amlcompute.AmlComputeStatus.serialize()
core.compute_target.ComputeTargetException.__init__(exception_message, **kwargs)
data.FileDataset.as_mount(path_on_compute=None)
data.FileDataset.to_path()
data.FileDataset.download(target_path=None, overwrite=False, ignore_not_found=False)
data.FileDataset.as_download(path_on_compute=None)
data.dataset_factory.FileDatasetFactory.from_files(path, validate=True, partition_format=None,
    is_file=False)
data.dataset_factory.FileDatasetFactory.upload_directory(src_dir, target, pattern=None,
    overwrite=False, show_progress=True)
data.abstract_dataset.AbstractDataset.register(workspace, name, description=None, tags=None,
    create_new_version=False)
data.abstract_dataset.AbstractDataset.as_named_input(name)
data.azure_storage_datastore.AbstractAzureStorageDatastore.as_mount()
data.azure_storage_datastore.AbstractAzureStorageDatastore.path(path=None,
    data_reference_name=None)
data.dataset_consumption_config.DatasetConsumptionConfig.as_mount(path_on_compute=None)
train.estimator.Estimator.__init__(source_directory, *, compute_target=None, vm_size=None,
    vm_priority=None, entry_script=None, script_params=None, node_count=1,
    process_count_per_node=1, distributed_backend=None, distributed_training=None,
    use_gpu=False, use_docker=True, custom_docker_base_image=None, custom_docker_image=None,
    image_registry_details=None, user_managed=False, conda_packages=None, pip_packages=None,
    conda_dependencies_file_path=None, pip_requirements_file_path=None,
    conda_dependencies_file=None, pip_requirements_file=None, environment_variables=None,
    environment_definition=None, inputs=None, source_directory_data_store=None, shm_size=None,
    resume_from=None, max_run_duration_seconds=None)
core.ScriptRun.get_portal_url()
widgets.RunDetails.__init__(run_instance)
widgets.RunDetails.show(render_lib=None, widget_settings=None)
core.runconfig.RunConfiguration.__init__(script=None, arguments=None, framework=None,
    communicator=None, conda_dependencies=None, command=None)
core.model.Model.deploy(workspace, name, models, inference_config=None, deployment_config=None,
    deployment_target=None, overwrite=False, show_output=False)
core.model.Model.get_model_path(model_name, version=None)
core.model.Model.__init__(workspace, name=None, id=None, tags=None, properties=None,
    version=None, run_id=None, model_framework=None, expand=True, **kwargs)
core.model.Model.register(workspace, model_path, model_name, tags=None, properties=None,
    description=None, datasets=None, model_framework=None, model_framework_version=None,
    child_paths=None, sample_input_dataset=None, sample_output_dataset=None,
    resource_configuration=None)
core.model.Model.download(target_dir='.', exist_ok=False, exists_ok=None)
core.conda_dependencies.CondaDependencies.create(pip_indexurl=None, pip_packages=None,
    conda_packages=None, python_version='3.10.18', pin_sdk_version=True)
core.conda_dependencies.CondaDependencies.serialize_to_string()
core.conda_dependencies.CondaDependencies.add_conda_package(conda_package)
core.conda_dependencies.CondaDependencies.add_pip_package(pip_package)
core.conda_dependencies.CondaDependencies.save_to_file(base_directory, conda_file_path=None)
core.conda_dependencies.CondaDependencies.add_tensorflow_conda_package(core_type='cpu',
    version=None)
core.conda_dependencies.CondaDependencies.__init__(conda_dependencies_file_path=None)
data.azure_storage_datastore.AzureBlobDatastore.upload(src_dir, target_path=None,
    overwrite=False, show_progress=True)
data.azure_storage_datastore.AzureBlobDatastore.upload_files(files, relative_root=None,
    target_path=None, overwrite=False, show_progress=True)
data.data_reference.DataReference.as_mount()
exceptions.UserErrorException.__init__(exception_message, **kwargs)
data.TabularDataset.to_pandas_dataframe(on_error='null', out_of_range_datetime='null')
data.TabularDataset.take(count)
core.runconfig.MpiConfiguration.__init__(process_count_per_node=1, node_count=1)
core.runconfig.TensorflowConfiguration.__init__(worker_count=1, parameter_server_count=1)
core.keyvault.Keyvault.get_secret(name)
core.keyvault.Keyvault.list_secrets()
core.keyvault.Keyvault.set_secret(name, value, content_type=KeyVaultContentType.not_provided)
core.keyvault.Keyvault.__init__(workspace)
core.keyvault.Keyvault.delete_secret(name)
core.keyvault.Keyvault.delete_secrets(secrets)
core.keyvault.Keyvault.get_secret_content_type(name)
core.keyvault.Keyvault.get_secrets(secrets)
core.keyvault.Keyvault.set_secrets(secrets_batch)
core.runconfig.PyTorchConfiguration.__init__(communication_backend='Nccl', process_count=None,
    node_count=1)
data.dataset_factory.TabularDatasetFactory.from_delimited_files(path, validate=True,
    include_path=False, infer_column_types=True, set_column_types=None, separator=',',
    header=True, partition_format=None, support_multi_line=False, empty_as_string=False,
    encoding='utf8')
core.environment.ImageBuildDetails.wait_for_completion(show_output=True)
core.authentication.ServicePrincipalAuthentication.__init__(tenant_id, service_principal_id,
    service_principal_password, cloud='AzureCloud')
core.authentication.ServicePrincipalAuthentication.get_authentication_header()
core.authentication.ServicePrincipalAuthentication.get_token(*scopes, **kwargs)
core.authentication.ServicePrincipalAuthentication.signed_session(session=None)
train.sklearn.SKLearn.__init__(source_directory, *, compute_target=None, vm_size=None,
    vm_priority=None, entry_script=None, script_params=None, use_docker=True,
    custom_docker_image=None, image_registry_details=None, user_managed=False,
    conda_packages=None, pip_packages=None, conda_dependencies_file_path=None,
    pip_requirements_file_path=None, conda_dependencies_file=None, pip_requirements_file=None,
    environment_variables=None, environment_definition=None, inputs=None, shm_size=None,
    resume_from=None, max_run_duration_seconds=None, framework_version=None)
core.authentication.AzureCliAuthentication.__init__(cloud=None)
core.authentication.AzureCliAuthentication.get_authentication_header()
core.authentication.AzureCliAuthentication.get_token(*scopes, **kwargs)
core.authentication.AzureCliAuthentication.signed_session(session=None)
core.authentication.InteractiveLoginAuthentication.__init__(force=False, tenant_id=None,
    cloud=None)
core.authentication.InteractiveLoginAuthentication.get_authentication_header()
core.authentication.InteractiveLoginAuthentication.get_token(*scopes, **kwargs)
core.authentication.InteractiveLoginAuthentication.signed_session(session=None)
core.authentication.MsiAuthentication.__init__(cloud=None, **kwargs)
core.authentication.MsiAuthentication.get_authentication_header()
core.authentication.MsiAuthentication.get_token(*scopes, **kwargs)
core.authentication.MsiAuthentication.signed_session(session=None)
core.authentication.TokenAuthentication.__init__(get_token_for_audience, cloud=None)
core.authentication.TokenAuthentication.get_token(audience='ARM')
core.authentication.TokenAuthentication.get_authentication_header()
core.authentication.TokenAuthentication.signed_session(session=None)
"""
"""A call a line, or lines where the later ones are indented."""

ATTRIBUTES: Final = """
core.Run.experiment
core.Run.id
core.Run.properties
core.Run.tags
core.Workspace.location
core.Workspace.name
core.Workspace.resource_group
core.Workspace.subscription_id
core.Workspace.compute_targets
core.Workspace.models
core.Workspace.webservices
core.Workspace.environments
core.Workspace.datasets
core.Workspace.datastores
core.Workspace.experiments
core.Workspace.sku
core.Workspace.service_context
core.Workspace.images
core.Workspace.DEFAULT_CPU_CLUSTER_CONFIGURATION
core.Workspace.DEFAULT_CPU_CLUSTER_NAME
core.Workspace.linked_services
core.Workspace.DEFAULT_GPU_CLUSTER_CONFIGURATION
core.Workspace.DEFAULT_GPU_CLUSTER_NAME
core.Workspace.discovery_url
core.Workspace.private_endpoints
core.Workspace.tags
core.Experiment.workspace
core.Experiment.name
core.Environment.docker
core.Environment.python
core.Environment.name
core.ScriptRunConfig.run_config
core.compute.AmlCompute.type
core.compute.AmlCompute.provisioning_state
core.compute.AmlCompute.status
core.compute.AmlCompute.name
core.environment.DockerSection.base_image
core.environment.DockerSection.enabled
core.environment.DockerSection.base_dockerfile
core.environment.DockerSection.base_image_registry
core.compute.ComputeTarget.name
core.environment.PythonSection.user_managed_dependencies
core.environment.PythonSection.conda_dependencies
core.environment.PythonSection.interpreter_path
core.Dataset.File
core.Dataset.Tabular
data.abstract_dataset.AbstractDataset.data_changed_time
core.container_registry.ContainerRegistry.address
core.container_registry.ContainerRegistry.password
core.container_registry.ContainerRegistry.username
core.runconfig.RunConfiguration.environment
core.runconfig.RunConfiguration.target
core.runconfig.RunConfiguration.node_count
core.model.Model.id
core.model.Model.version
core.model.Model.name
data.azure_storage_datastore.AzureBlobDatastore.account_name
data.azure_storage_datastore.AzureBlobDatastore.container_name
data.abstract_datastore.AbstractDatastore.datastore_type
data.abstract_datastore.AbstractDatastore.name
core.keyvault.Keyvault.workspace
"""
"""What is read or set."""

FUNCTIONS: Final = """
core.get_run(experiment, run_id, rehydrate=True, clean_up=True)
core.run.get_run(experiment, run_id, rehydrate=True, clean_up=True)
core.script_run_config.get_run_config_from_script_run(script_run_config)
telemetry.set_diagnostics_collection(send_diagnostics=True, verbosity=20, reason='', path=None)
train.hyperdrive.choice(*options)
train.hyperdrive.lognormal(mu, sigma)
train.hyperdrive.loguniform(min_value, max_value)
train.hyperdrive.normal(mu, sigma)
train.hyperdrive.qlognormal(mu, sigma, q)
train.hyperdrive.qloguniform(min_value, max_value, q)
train.hyperdrive.qnormal(mu, sigma, q)
train.hyperdrive.quniform(min_value, max_value, q)
train.hyperdrive.randint(upper)
train.hyperdrive.uniform(min_value, max_value)
"""
"""Functions of modules, a line each."""

CONSTANTS: Final = {
    "core.VERSION": "1.61.0",
    "core.environment.DEFAULT_CPU_IMAGE": (
        "mcr.microsoft.com/azureml/openmpi4.1.0-ubuntu22.04:20251130.v1"
    ),
    "core.environment.DEFAULT_GPU_IMAGE": (
        "mcr.microsoft.com/azureml/openmpi4.1.0-cuda11.8-cudnn8-ubuntu22.04"
    ),
    "core.runconfig.DEFAULT_CPU_IMAGE": (
        "mcr.microsoft.com/azureml/openmpi4.1.0-ubuntu22.04:20251130.v1"
    ),
    "core.runconfig.DEFAULT_GPU_IMAGE": (
        "mcr.microsoft.com/azureml/openmpi4.1.0-cuda11.8-cudnn8-ubuntu22.04"
    ),
    "core.runconfig.LOCAL_RUNCONFIG_NAME": "local",
    "core.runconfig.SUPPORTED_DATAREF_MODES": ["mount", "download", "upload"],
}

CLASSES: Final = """
core.ComputeTarget
core.ContainerRegistry
core.Dataset
core.Datastore
core.Environment
core.Experiment
core.LinkedService
core.Model
core.Run
core.RunConfiguration
core.ScriptRun
core.ScriptRunConfig
core.Workspace
core.authentication.AbstractAuthentication
core.authentication.AzureCliAuthentication
core.authentication.InteractiveLoginAuthentication
core.authentication.MsiAuthentication
core.authentication.ServicePrincipalAuthentication
core.authentication.TokenAuthentication
core.compute.AmlCompute
core.compute.ComputeInstance
core.compute.ComputeTarget
core.compute.RemoteCompute
core.compute.amlcompute.AmlComputeProvisioningConfiguration
core.compute.amlcompute.AmlComputeStatus
core.compute.amlcompute.ScaleSettings
core.compute.compute.ComputeTarget
core.compute.compute.ComputeTargetAttachConfiguration
core.compute.compute.ComputeTargetProvisioningConfiguration
core.compute.computeinstance.ComputeInstanceProvisioningConfiguration
core.compute.computeinstance.ComputeInstanceStatus
core.compute_target.ComputeTargetException
core.conda_dependencies.CondaDependencies
core.container_registry.ContainerRegistry
core.container_registry.RegistryIdentity
core.databricks.PyPiLibrary
core.dataset.Dataset
core.datastore.Datastore
core.environment.CondaDependencies
core.environment.DockerBuildContext
core.environment.DockerImageDetails
core.environment.DockerSection
core.environment.Environment
core.environment.EnvironmentReference
core.environment.ImageBuildDetails
core.environment.PythonSection
core.environment.RSection
core.environment.SparkSection
core.experiment.Experiment
core.keyvault.Keyvault
core.linked_service.LinkedService
core.model.Dataset
core.model.InferenceConfig
core.model.Model
core.private_endpoint.PrivateEndPoint
core.resource_configuration.ResourceConfiguration
core.run.Run
core.runconfig.AmlComputeConfiguration
core.runconfig.ApplicationEndpointConfiguration
core.runconfig.CondaDependencies
core.runconfig.Data
core.runconfig.DataLocation
core.runconfig.DataReferenceConfiguration
core.runconfig.DockerConfiguration
core.runconfig.HdiConfiguration
core.runconfig.HistoryConfiguration
core.runconfig.KubernetesComputeConfiguration
core.runconfig.MpiConfiguration
core.runconfig.OutputData
core.runconfig.ParallelTaskConfiguration
core.runconfig.PyTorchConfiguration
core.runconfig.RunConfiguration
core.runconfig.SparkConfiguration
core.runconfig.TensorflowConfiguration
core.script_run.ScriptRun
core.script_run_config.ScriptRunConfig
core.workspace.UserErrorException
core.workspace.Workspace
data.DataType
data.FileDataset
data.OutputFileDatasetConfig
data.TabularDataset
data.abstract_dataset.AbstractDataset
data.abstract_datastore.AbstractDatastore
data.azure_storage_datastore.AbstractAzureStorageDatastore
data.azure_storage_datastore.AzureBlobDatastore
data.azure_storage_datastore.AzureFileDatastore
data.data_reference.DataReference
data.datapath.DataPath
data.datapath.DataPathComputeBinding
data.dataset_consumption_config.DatasetConsumptionConfig
data.dataset_factory.DataType
data.dataset_factory.FileDatasetFactory
data.dataset_factory.TabularDatasetFactory
data.output_dataset_config.OutputDatasetConfig
data.output_dataset_config.OutputFileDatasetConfig
data.output_dataset_config.OutputTabularDatasetConfig
exceptions.ActivityFailedException
exceptions.AuthenticationException
exceptions.AzureMLException
exceptions.ComputeTargetException
exceptions.DiscoveryUrlNotFoundException
exceptions.ExperimentExecutionException
exceptions.ModelNotFoundException
exceptions.ModelPathNotFoundException
exceptions.ProjectSystemException
exceptions.RunConfigurationException
exceptions.RunEnvironmentException
exceptions.SnapshotException
exceptions.TrainingException
exceptions.UserErrorException
exceptions.WebserviceException
exceptions.WorkspaceException
train.dnn.Chainer
train.dnn.Gloo
train.dnn.Mpi
train.dnn.Nccl
train.dnn.ParameterServer
train.dnn.PyTorch
train.dnn.TensorFlow
train.estimator.Estimator
train.estimator.MMLBaseEstimator
train.hyperdrive.BanditPolicy
train.hyperdrive.BayesianParameterSampling
train.hyperdrive.EarlyTerminationPolicy
train.hyperdrive.GridParameterSampling
train.hyperdrive.HyperDriveConfig
train.hyperdrive.HyperDriveRun
train.hyperdrive.HyperParameterSampling
train.hyperdrive.MedianStoppingPolicy
train.hyperdrive.NoTerminationPolicy
train.hyperdrive.PrimaryMetricGoal
train.hyperdrive.RandomParameterSampling
train.hyperdrive.TruncationSelectionPolicy
train.hyperdrive.policy.BanditPolicy
train.hyperdrive.policy.EarlyTerminationPolicy
train.hyperdrive.run.PrimaryMetricGoal
train.hyperdrive.runconfig.HyperDriveConfig
train.hyperdrive.sampling.HyperParameterSampling
train.hyperdrive.sampling.RandomParameterSampling
train.sklearn.SKLearn
train.widgets.RunDetails
widgets.RunDetails
"""
"""Every class, under each path that its documentation or a notebook has for it."""
