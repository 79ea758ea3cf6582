// Original file: proto/cmk/v1/broker.proto


export interface ReportUsesResponse {
}

export interface ReportUsesResponse__Output {
}
