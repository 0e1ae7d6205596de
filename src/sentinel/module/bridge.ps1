# Functions for Microsoft Sentinel. Each calls an operation of runspaced, which does the work: identity, requests and JSON never
# reach PowerShell.
#
# This file is made from the definitions of the operations; changes to it are lost.

Set-StrictMode -Version 3.0

# In a runspace of runspaced the command is there. An ordinary pwsh gets it from the library beside this file.
$script:library = ''
$script:callable = $true
if (-not $ExecutionContext.InvokeCommand.GetCmdlet('Invoke-HostFunction')) {
    $assembly = [IO.Path]::Join($PSScriptRoot, 'Runspaced.Host.dll')
    $script:callable = [IO.File]::Exists($assembly)
    if ($script:callable) {
        Import-Module -Name $assembly -DisableNameChecking
        $script:library = $PSScriptRoot
    }
}

# What the command line did not say came from an object in the pipeline.
function AddInput([hashtable] $Order, $Given, $Piped) {
    $Order.given = $Given
    $id = if ($null -ne $Piped) { $Piped.PSObject.Properties['Id'] }
    if ($null -ne $id -and $id.Value -is [string]) { $Order.origin = $id.Value }
}

# Calls the program around this runspace, or the library, with the step of an operation as a table of arguments. Rows come as they
# are read; errors are those of the function that the user called.
function CallOperation($Cmdlet, $Order, $TypeName) {
    if (-not $script:callable) {
        $missing = [Management.Automation.ErrorRecord]::new(
            [InvalidOperationException]::new('Runspaced.Host.dll is not beside the module SentinelManager, so there is nothing that could carry this out.'),
            'SentinelLibraryMissing', 'NotInstalled', $PSScriptRoot)
        $missing.ErrorDetails = [Management.Automation.ErrorDetails]::new($missing.Exception.Message)
        $missing.ErrorDetails.RecommendedAction = 'Install the module with its library: runspaced module install'
        $Cmdlet.ThrowTerminatingError($missing)
    }
    Invoke-HostFunction -Name sentinel -Parameters $Order -Caller $Cmdlet -TypeName $TypeName -Library $script:library
}

function ReadOperation($Operation, $TypeName, $Cmdlet, $Bound, $Given, $Piped) {
    $order = @{ operation = $Operation; step = 'read'; arguments = $Bound }
    if ($Cmdlet.MyInvocation.ExpectingInput) { AddInput $order $Given $Piped }
    # Objects as Azure has them have other properties than the view.
    if ($Bound.ContainsKey('Raw') -and $Bound['Raw']) { $TypeName = '' }
    CallOperation $Cmdlet $order $TypeName
}

function WriteOperation([string] $Operation, $Cmdlet, $Bound, $Given, $Piped) {
    $order = @{ operation = $Operation; step = 'plan'; arguments = $Bound }
    if ($Cmdlet.MyInvocation.ExpectingInput) { AddInput $order $Given $Piped }
    $plan = CallOperation $Cmdlet $order 'SentinelManager.Plan'
    if ($null -eq $plan) { return } # the error was written
    foreach ($notice in @($plan.Notices) + @($plan.Cannot)) { $Cmdlet.WriteWarning($notice) }
    foreach ($name in $plan.Unchanged) { $Cmdlet.WriteVerbose("$name is as wanted already") }
    if ($plan.Changes.Count -eq 0) { return }

    $place = "$($plan.WorkspaceName) ($($plan.TenantName))"
    [Management.Automation.ShouldProcessReason] $reason = 'None'
    $agreed = $Cmdlet.ShouldProcess(
        "$Operation in ${place}: $($plan.Summary)", "In ${place}: $($plan.Summary). Do it?", $Operation, [ref] $reason)
    if (-not $agreed) {
        if ($reason -eq 'WhatIf') { $plan }
        return
    }
    $order.step = 'apply'
    $order.digest = if ($Bound.ContainsKey('PlanDigest')) { $Bound['PlanDigest'] } else { $plan.Digest }
    if ($Bound.ContainsKey('ConfirmName')) {
        $order.confirm = $Bound['ConfirmName']
    }
    elseif ($plan.Confirm) {
        # Without somebody to ask it stays empty, and the operation says what is wanted.
        $order.confirm = try { Read-Host "This cannot be undone. Type '$($plan.Confirm)' to do it" } catch { $null }
    }
    CallOperation $Cmdlet $order 'SentinelManager.Outcome'
}
