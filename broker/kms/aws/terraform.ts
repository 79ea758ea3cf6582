import { formatHcl, hclString } from '../quoting.ts';
import type { AwsSetUpPlan } from './set-up.ts';

/** The key, its replicas and the role, for version 6 of Terraform's `aws` provider, which takes a region for each resource. */
export function terraform({ account, regions, keyPolicy, role }: AwsSetUpPlan): string {
  const [home, ...others] = regions;
  const description = hclString(`CMK: account ${account}`);
  const blocks = [
    `terraform {
  required_providers {
    aws = { source = "hashicorp/aws", version = ">= 6.0" }
  }
}`,
    `locals {
  cmk_key_policy = jsonencode(${formatHcl(keyPolicy, '  ')})
}`,
    `resource "aws_kms_key" "cmk" {
  region              = ${hclString(home)}
  description         = ${description}
  multi_region        = true
  enable_key_rotation = true
  policy              = local.cmk_key_policy${role ? '\n  depends_on          = [aws_iam_role.cmk]' : ''}
}`,
    ...others.map(
      (region) => `resource "aws_kms_replica_key" ${hclString(resourceName(region))} {
  region          = ${hclString(region)}
  description     = ${description}
  primary_key_arn = aws_kms_key.cmk.arn
  policy          = local.cmk_key_policy
}`,
    ),
    ...(role ? roleBlocks(account, others, role) : []),
    `output "cmk_key_arns" {
  value = ${arns(others)}
}`,
  ];
  return blocks.join('\n\n');
}

function roleBlocks(
  account: string,
  replicas: readonly string[],
  role: NonNullable<AwsSetUpPlan['role']>,
): string[] {
  return [
    `resource "aws_iam_role" "cmk" {
  name = ${hclString(role.name)}
  assume_role_policy = jsonencode(${formatHcl(role.trust, '  ')})
}`,
    `data "aws_iam_policy_document" "cmk" {
  statement {
    actions   = ["kms:GenerateDataKey", "kms:Encrypt", "kms:Decrypt"]
    resources = ${arns(replicas)}
    condition {
      test     = "StringEquals"
      variable = "kms:EncryptionContext:acct"
      values   = [${hclString(account)}]
    }
  }
  statement {
    actions   = ["kms:DescribeKey"]
    resources = ${arns(replicas)}
  }
}`,
    `resource "aws_iam_role_policy" "cmk" {
  name   = "cmk"
  role   = aws_iam_role.cmk.name
  policy = data.aws_iam_policy_document.cmk.json
}`,
  ];
}

function arns(replicas: readonly string[]): string {
  const names = [
    'aws_kms_key.cmk',
    ...replicas.map((region) => `aws_kms_replica_key.${resourceName(region)}`),
  ];
  return `[${names.map((name) => `${name}.arn`).join(', ')}]`;
}

/** Regions are letters, digits and hyphens, as names of resources are. */
function resourceName(region: string): string {
  return `cmk_${region.replaceAll('-', '_')}`;
}
