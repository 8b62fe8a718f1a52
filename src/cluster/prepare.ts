import { Broker } from './broker.js';
import { type ClusterOptions, clusterSettings } from './cluster-options.js';

/**
 * Makes the streams of a queue, where they are not there, for submitters and workers that may not: these run with `manageStreams: false`. Needs
 * no key. Rejects with an error that says what the broker did not let it do.
 */
export async function prepareQueue(
  options: Pick<ClusterOptions, 'servers' | 'queue' | 'connection' | 'limits'>,
): Promise<void> {
  // It sends no task.
  const { broker: settings } = clusterSettings('ClusterExecutor', { ...options, allowUnsigned: true });
  const broker = await Broker.open(settings);
  try {
    await broker.objects.open();
  } finally {
    await broker.close();
  }
}
