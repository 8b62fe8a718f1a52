import workerpool from 'workerpool';
import { task } from './tasks.mjs';

workerpool.worker({ task });
