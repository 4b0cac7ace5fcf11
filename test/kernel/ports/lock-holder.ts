/** Holds the lock of a directory until it is killed. */
import { systemDisk } from '../../../kernel/ports/system-disk.ts';

await systemDisk().lock(process.argv[2]!);
process.send!('held');
setInterval(() => {}, 1000);
