/** Figures as people read them: three digits and a unit. */

export function rateText(perSecond: number): string {
  if (perSecond >= 1e6) return `${digits(perSecond / 1e6)} M/s`;
  if (perSecond >= 1e3) return `${digits(perSecond / 1e3)} k/s`;
  return `${digits(perSecond)} /s`;
}

export function cpuText(micros: number): string {
  return `${digits(micros)} us`;
}

export function latencyText(micros: number): string {
  return micros >= 1000 ? `${digits(micros / 1000)} ms` : `${digits(micros)} us`;
}

export function memoryText(bytes: number): string {
  if (bytes >= 2 ** 30) return `${digits(bytes / 2 ** 30)} GiB`;
  return `${digits(bytes / 2 ** 20)} MiB`;
}

export function ratioText(ratio: number): string {
  return ratio.toFixed(2);
}

function digits(value: number): string {
  if (value >= 100) return value.toFixed(0);
  return value >= 10 ? value.toFixed(1) : value.toFixed(2);
}
