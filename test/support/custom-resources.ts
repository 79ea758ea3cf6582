import type {} from 'kubernetes-types/admissionregistration/v1.js';
import type { LabelSelector, ObjectMeta } from 'kubernetes-types/meta/v1.js';

/** Kinds that are not Kubernetes' own, as far as we use them, after their API references. */

/** cert-manager.io/v1 */
export interface Issuer {
  apiVersion: 'cert-manager.io/v1';
  kind: 'Issuer';
  metadata: ObjectMeta;
  spec: { selfSigned: Record<string, never> } | { ca: { secretName: string } };
}

/** cert-manager.io/v1 */
export interface ClusterIssuer extends Omit<Issuer, 'kind'> {
  kind: 'ClusterIssuer';
}

/** cert-manager.io/v1 */
export interface Certificate {
  apiVersion: 'cert-manager.io/v1';
  kind: 'Certificate';
  metadata: ObjectMeta;
  spec: {
    secretName: string;
    isCA?: boolean;
    commonName?: string;
    dnsNames?: string[];
    duration?: string;
    renewBefore?: string;
    privateKey?: {
      algorithm?: 'ECDSA' | 'RSA' | 'Ed25519';
      size?: number;
      rotationPolicy?: 'Always' | 'Never';
    };
    issuerRef: { group?: string; kind?: 'Issuer' | 'ClusterIssuer'; name: string };
  };
}

/** trust.cert-manager.io/v1alpha1 */
export interface Bundle {
  apiVersion: 'trust.cert-manager.io/v1alpha1';
  kind: 'Bundle';
  metadata: ObjectMeta;
  spec: {
    sources: { secret: { name: string; key: string } }[];
    target: { configMap: { key: string }; namespaceSelector?: LabelSelector };
  };
}

interface Endpoint {
  port: string;
  path?: string;
  interval?: string;
  relabelings?: { sourceLabels?: string[]; targetLabel: string; replacement?: string }[];
}

/** monitoring.coreos.com/v1 */
export interface ServiceMonitor {
  apiVersion: 'monitoring.coreos.com/v1';
  kind: 'ServiceMonitor';
  metadata: ObjectMeta;
  spec: { selector: LabelSelector; endpoints: Endpoint[] };
}

/** monitoring.coreos.com/v1 */
export interface PodMonitor {
  apiVersion: 'monitoring.coreos.com/v1';
  kind: 'PodMonitor';
  metadata: ObjectMeta;
  spec: {
    sampleLimit?: number;
    labelLimit?: number;
    labelValueLengthLimit?: number;
    namespaceSelector?: { any?: boolean; matchNames?: string[] };
    selector: LabelSelector;
    podMetricsEndpoints: Endpoint[];
  };
}

/** monitoring.coreos.com/v1 */
export interface PrometheusRule {
  apiVersion: 'monitoring.coreos.com/v1';
  kind: 'PrometheusRule';
  metadata: ObjectMeta;
  spec: {
    groups: {
      name: string;
      interval?: string;
      rules: {
        alert?: string;
        record?: string;
        expr: string;
        for?: string;
        labels?: Record<string, string>;
        annotations?: Record<string, string>;
      }[];
    }[];
  };
}

/** Fields of Kubernetes' own kinds that the types' generator leaves out. */
interface RuleScope {
  resources?: string[];
  scope?: 'Cluster' | 'Namespaced' | '*';
}

declare module 'kubernetes-types/admissionregistration/v1.js' {
  /* eslint-disable @typescript-eslint/no-empty-object-type -- what they extend is all that is added */
  interface RuleWithOperations extends RuleScope {}
  interface NamedRuleWithOperations extends RuleScope {}
}
