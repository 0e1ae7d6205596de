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

function Get-SentinelWorkspaces {
    <#
    .SYNOPSIS
        Lists the workspaces of all tenants that are visible, through Azure Lighthouse or directly.
    .DESCRIPTION
        Lists the workspaces of all tenants that are visible, through Azure Lighthouse or directly. Sentinel is switched on where Onboarded says Yes; Unknown means that this identity may not see it.
    .PARAMETER TenantFilter
        Regular expression over names and ids of tenants.
    .PARAMETER Name
        Regular expression over names of workspaces.
    .PARAMETER SentinelOnly
        Only those that have Sentinel, or may have it; false lists all Log Analytics workspaces; $true if it is not given.
    .PARAMETER Refresh
        Asks Azure, whatever is in the cache.
    .EXAMPLE
        Get-SentinelWorkspaces -TenantFilter 'contoso|fabrikam'

        Workspaces of two customers
    .OUTPUTS
        SentinelManager.SentinelWorkspaces: TenantName, WorkspaceName, TenantId, SubscriptionName, SubscriptionId, ResourceGroup, CustomerId, Location, Sku, RetentionInDays, Onboarded, Delegated, Id
    .NOTES
        Needs these actions of Azure: Microsoft.Resources/subscriptions/read, Microsoft.OperationalInsights/workspaces/read
    #>
    [CmdletBinding(PositionalBinding = $false)]
    [Alias('lighthouse_list_workspaces')]
    [OutputType('SentinelManager.SentinelWorkspaces')]
    param(
        [Parameter()]
        [string] $TenantFilter,

        [Parameter()]
        [string] $Name,

        [Parameter()]
        [bool] $SentinelOnly = $true,

        [Parameter()]
        [switch] $Refresh
    )
    begin {
        $given = [string[]] $PSBoundParameters.Keys
    }
    process {
        if (-not $script:callable -or $PSCmdlet.MyInvocation.ExpectingInput) {
            ReadOperation 'Get-SentinelWorkspaces' 'SentinelManager.SentinelWorkspaces' $PSCmdlet $PSBoundParameters $given $_
        }
        else {
            $order = @{ operation = 'Get-SentinelWorkspaces'; step = 'read'; arguments = $PSBoundParameters }
            Invoke-HostFunction sentinel $order -Caller $PSCmdlet -TypeName 'SentinelManager.SentinelWorkspaces' -Library $script:library
        }
    }
}

function Get-SentinelWorkspaceNames {
    <#
    .SYNOPSIS
        Lists the names of the workspaces that have Sentinel, for use in other calls.
    .DESCRIPTION
        Lists the names of the workspaces that have Sentinel, for use in other calls.
    .PARAMETER TenantFilter
        Regular expression over names and ids of tenants.
    .EXAMPLE
        Get-SentinelWorkspaceNames

        All names
    .OUTPUTS
        SentinelManager.SentinelWorkspaceNames: TenantName, WorkspaceName
    .NOTES
        Needs these actions of Azure: Microsoft.Resources/subscriptions/read, Microsoft.OperationalInsights/workspaces/read
    #>
    [CmdletBinding(PositionalBinding = $false)]
    [OutputType('SentinelManager.SentinelWorkspaceNames')]
    param(
        [Parameter()]
        [string] $TenantFilter
    )
    begin {
        $given = [string[]] $PSBoundParameters.Keys
    }
    process {
        if (-not $script:callable -or $PSCmdlet.MyInvocation.ExpectingInput) {
            ReadOperation 'Get-SentinelWorkspaceNames' 'SentinelManager.SentinelWorkspaceNames' $PSCmdlet $PSBoundParameters $given $_
        }
        else {
            $order = @{ operation = 'Get-SentinelWorkspaceNames'; step = 'read'; arguments = $PSBoundParameters }
            Invoke-HostFunction sentinel $order -Caller $PSCmdlet -TypeName 'SentinelManager.SentinelWorkspaceNames' -Library $script:library
        }
    }
}

function Test-SentinelHealth {
    <#
    .SYNOPSIS
        Checks the health of workspaces: arriving data, silent tables, connectors, rules, capacity, retention.
    .DESCRIPTION
        Checks the health of workspaces: arriving data, silent tables, connectors, rules, capacity, retention. Without WorkspaceName, all workspaces are checked. State is the worst of the checks; Checks has each with what was measured, its threshold and what to do. What cannot be measured is unknown, with the reason. Quick looks at one day of arriving data and at the settings of the workspace; Standard at two days, rules, their runs and connectors as well; Deep at a week, and at single rows, tables and watchlists. The runs of rules need the health monitoring of Sentinel. docs/sentinel.md lists the thresholds.
    .PARAMETER CheckDepth
        How closely it is looked at; 'Standard' if it is not given. One of: Quick, Standard, Deep.
    .PARAMETER State
        Only workspaces in one of these states. One of: healthy, unknown, warning, degraded.
    .PARAMETER WorkspaceName
        Workspaces: name, resource id or customer id; several, or a pattern such as law-* or *.
    .PARAMETER ResourceGroupName
        Resource group of the workspace, where its name alone is ambiguous.
    .PARAMETER SubscriptionId
        Subscription of the workspace, where its name alone is ambiguous.
    .PARAMETER TenantId
        Tenant of the workspace: id or name.
    .PARAMETER TenantFilter
        Regular expression over names and ids of tenants; without WorkspaceName, all of their workspaces are meant.
    .PARAMETER Raw
        Answers the objects as Azure has them.
    .PARAMETER NoCache
        Asks Azure, whatever is in the cache.
    .PARAMETER ShowHeader
        Accepted and without effect, for scripts of the predecessor.
    .EXAMPLE
        Test-SentinelHealth

        All workspaces of all customers
    .EXAMPLE
        (Test-SentinelHealth -WorkspaceName law-contoso -CheckDepth Deep).Checks | Where-Object State -ne healthy

        Everything that is wrong in one workspace
    .EXAMPLE
        Test-SentinelHealth -TenantFilter 'contoso|fabrikam' -State degraded

        Customers that need somebody now
    .INPUTS
        Objects with properties that have the names of parameters, such as the rows of other functions.
    .OUTPUTS
        SentinelManager.SentinelHealth: TenantName, WorkspaceName, State, Issues, IngestionGb, ActiveTables, SilentTables, EnabledRules, DisabledRules, FailingRules, Connectors, RetentionInDays, Checks, CheckDepth, CheckedAt, SubscriptionId, ResourceGroup, CustomerId, Id
    .NOTES
        Needs these actions of Azure: Microsoft.OperationalInsights/workspaces/read, Microsoft.OperationalInsights/workspaces/query/read, Microsoft.SecurityInsights/alertRules/read, Microsoft.SecurityInsights/dataConnectors/read, Microsoft.SecurityInsights/watchlists/read, Microsoft.OperationalInsights/workspaces/tables/read, Microsoft.OperationalInsights/workspaces/savedSearches/read
    #>
    [CmdletBinding(PositionalBinding = $false)]
    [Alias('Get-SentinelHealth')]
    [OutputType('SentinelManager.SentinelHealth')]
    param(
        [Parameter()]
        [ValidateSet('Quick', 'Standard', 'Deep', 'basic', 'detailed')]
        [string] $CheckDepth = 'Standard',

        [Parameter()]
        [ValidateSet('healthy', 'unknown', 'warning', 'degraded')]
        [string[]] $State,

        [Parameter(ValueFromPipelineByPropertyName)]
        [Alias('Workspace')]
        [SupportsWildcards()]
        [string[]] $WorkspaceName,

        [Parameter(ValueFromPipelineByPropertyName)]
        [Alias('ResourceGroup')]
        [string] $ResourceGroupName,

        [Parameter(ValueFromPipelineByPropertyName)]
        [string] $SubscriptionId,

        [Parameter(ValueFromPipelineByPropertyName)]
        [Alias('TenantName')]
        [string] $TenantId,

        [Parameter()]
        [string] $TenantFilter,

        [Parameter()]
        [switch] $Raw,

        [Parameter()]
        [switch] $NoCache,

        [Parameter(DontShow)]
        [bool] $ShowHeader
    )
    begin {
        $given = [string[]] $PSBoundParameters.Keys
    }
    process {
        if (-not $script:callable -or $PSCmdlet.MyInvocation.ExpectingInput -or $Raw) {
            ReadOperation 'Test-SentinelHealth' 'SentinelManager.SentinelHealth' $PSCmdlet $PSBoundParameters $given $_
        }
        else {
            $order = @{ operation = 'Test-SentinelHealth'; step = 'read'; arguments = $PSBoundParameters }
            Invoke-HostFunction sentinel $order -Caller $PSCmdlet -TypeName 'SentinelManager.SentinelHealth' -Library $script:library
        }
    }
}

function Test-SentinelPermission {
    <#
    .SYNOPSIS
        Tells which operations will work in which workspaces, and which role is missing where.
    .DESCRIPTION
        Tells which operations will work in which workspaces, and which role is missing where. Without WorkspaceName, all workspaces are looked at. Azure is asked what this identity may do on the workspace and on its resource group, and that is held against the actions that each operation needs. Commands give the smallest roles that are missing; whoever runs them has to be allowed to give roles there, and with Azure Lighthouse the customer changes the delegation instead.
    .PARAMETER Operation
        Only these operations, by any of their names.
    .PARAMETER Family
        Only operations of these families: rules, incidents, tables, .
    .PARAMETER MissingOnly
        Only what will not work, or may not.
    .PARAMETER GroupBy
        A row for each operation, or for each family. One of: Operation, Family.
    .PARAMETER WorkspaceName
        Workspaces: name, resource id or customer id; several, or a pattern such as law-* or *.
    .PARAMETER ResourceGroupName
        Resource group of the workspace, where its name alone is ambiguous.
    .PARAMETER SubscriptionId
        Subscription of the workspace, where its name alone is ambiguous.
    .PARAMETER TenantId
        Tenant of the workspace: id or name.
    .PARAMETER TenantFilter
        Regular expression over names and ids of tenants; without WorkspaceName, all of their workspaces are meant.
    .PARAMETER Raw
        Answers the objects as Azure has them.
    .PARAMETER NoCache
        Asks Azure, whatever is in the cache.
    .PARAMETER ShowHeader
        Accepted and without effect, for scripts of the predecessor.
    .EXAMPLE
        Test-SentinelPermission -MissingOnly

        What will not work anywhere
    .EXAMPLE
        Test-SentinelPermission -WorkspaceName law-contoso -Family rules | Select-Object -ExpandProperty Commands -Unique

        Whether rules can be changed at a customer, and the commands that allow it
    .INPUTS
        Objects with properties that have the names of parameters, such as the rows of other functions.
    .OUTPUTS
        SentinelManager.SentinelPermission: Operation, Family, Allowed, MissingActions, Roles, Commands, Reason, TenantName, WorkspaceName
    .NOTES
        Needs these actions of Azure: Microsoft.Authorization/permissions/read
    #>
    [CmdletBinding(PositionalBinding = $false)]
    [Alias('Get-SentinelPermission')]
    [OutputType('SentinelManager.SentinelPermission')]
    param(
        [Parameter()]
        [string[]] $Operation,

        [Parameter()]
        [string[]] $Family,

        [Parameter()]
        [switch] $MissingOnly,

        [Parameter()]
        [ValidateSet('Operation', 'Family')]
        [string] $GroupBy,

        [Parameter(ValueFromPipelineByPropertyName)]
        [Alias('Workspace')]
        [SupportsWildcards()]
        [string[]] $WorkspaceName,

        [Parameter(ValueFromPipelineByPropertyName)]
        [Alias('ResourceGroup')]
        [string] $ResourceGroupName,

        [Parameter(ValueFromPipelineByPropertyName)]
        [string] $SubscriptionId,

        [Parameter(ValueFromPipelineByPropertyName)]
        [Alias('TenantName')]
        [string] $TenantId,

        [Parameter()]
        [string] $TenantFilter,

        [Parameter()]
        [switch] $Raw,

        [Parameter()]
        [switch] $NoCache,

        [Parameter(DontShow)]
        [bool] $ShowHeader
    )
    begin {
        $given = [string[]] $PSBoundParameters.Keys
    }
    process {
        if (-not $script:callable -or $PSCmdlet.MyInvocation.ExpectingInput -or $Raw) {
            ReadOperation 'Test-SentinelPermission' 'SentinelManager.SentinelPermission' $PSCmdlet $PSBoundParameters $given $_
        }
        else {
            $order = @{ operation = 'Test-SentinelPermission'; step = 'read'; arguments = $PSBoundParameters }
            Invoke-HostFunction sentinel $order -Caller $PSCmdlet -TypeName 'SentinelManager.SentinelPermission' -Library $script:library
        }
    }
}

function Test-SentinelContent {
    <#
    .SYNOPSIS
        Checks a rule, hunting query, workbook, watchlist or automation rule against a workspace before it is saved there.
    .DESCRIPTION
        Checks a rule, hunting query, workbook, watchlist or automation rule against a workspace before it is saved there. Nothing is changed. Checked are required fields and their bounds, the query with the tables, columns and functions of that workspace, entity mappings, tactics and techniques, names and ids that are taken, the version of the template, limits, and whether this identity may save it. Azure would refuse what has an error; a warning is worth a look; Info says what would happen. FromFile takes JSON, ARM templates and YAML as in the repository Azure/Azure-Sentinel, below the folder of backups; the items of a watchlist are read from data.csv beside it.
    .PARAMETER FromFile
        A file below the folder of backups: JSON, ARM template or YAML.
    .PARAMETER Content
        The content itself, as an object or as text in JSON or YAML, instead of FromFile.
    .PARAMETER ContentKind
        What it is; what it looks like, if it is not given. One of: AnalyticsRule, HuntingQuery, Workbook, Watchlist, AutomationRule.
    .PARAMETER WorkspaceName
        Workspaces: name, resource id or customer id; several, or a pattern such as law-* or *.
    .PARAMETER ResourceGroupName
        Resource group of the workspace, where its name alone is ambiguous.
    .PARAMETER SubscriptionId
        Subscription of the workspace, where its name alone is ambiguous.
    .PARAMETER TenantId
        Tenant of the workspace: id or name.
    .PARAMETER TenantFilter
        Regular expression over names and ids of tenants; without WorkspaceName, all of their workspaces are meant.
    .PARAMETER Raw
        Answers the objects as Azure has them.
    .PARAMETER NoCache
        Asks Azure, whatever is in the cache.
    .PARAMETER ShowHeader
        Accepted and without effect, for scripts of the predecessor.
    .EXAMPLE
        Test-SentinelContent -WorkspaceName law-contoso* -FromFile rules/brute-force.yaml

        A rule of a repository, in all workspaces of a customer
    .EXAMPLE
        Test-SentinelContent -WorkspaceName law-contoso -FromFile rules/brute-force.yaml | Where-Object Level -eq Error

        Only what Azure would refuse
    .INPUTS
        Objects with properties that have the names of parameters, such as the rows of other functions.
    .OUTPUTS
        SentinelManager.SentinelContent: Level, Where, What, Remedy, ContentKind, Name, TenantName, WorkspaceName
    .NOTES
        Needs these actions of Azure: Microsoft.OperationalInsights/workspaces/tables/read, Microsoft.OperationalInsights/workspaces/savedSearches/read, Microsoft.SecurityInsights/watchlists/read, Microsoft.SecurityInsights/alertRules/read, Microsoft.SecurityInsights/automationRules/read, Microsoft.Insights/workbooks/read, Microsoft.Authorization/permissions/read
    #>
    [CmdletBinding(PositionalBinding = $false)]
    [Alias('Test-SentinelRule')]
    [OutputType('SentinelManager.SentinelContent')]
    param(
        [Parameter()]
        [string] $FromFile,

        [Parameter()]
        [object] $Content,

        [Parameter()]
        [ValidateSet('AnalyticsRule', 'HuntingQuery', 'Workbook', 'Watchlist', 'AutomationRule')]
        [string] $ContentKind,

        [Parameter(ValueFromPipelineByPropertyName)]
        [Alias('Workspace')]
        [SupportsWildcards()]
        [string[]] $WorkspaceName,

        [Parameter(ValueFromPipelineByPropertyName)]
        [Alias('ResourceGroup')]
        [string] $ResourceGroupName,

        [Parameter(ValueFromPipelineByPropertyName)]
        [string] $SubscriptionId,

        [Parameter(ValueFromPipelineByPropertyName)]
        [Alias('TenantName')]
        [string] $TenantId,

        [Parameter()]
        [string] $TenantFilter,

        [Parameter()]
        [switch] $Raw,

        [Parameter()]
        [switch] $NoCache,

        [Parameter(DontShow)]
        [bool] $ShowHeader
    )
    begin {
        $given = [string[]] $PSBoundParameters.Keys
    }
    process {
        if (-not $script:callable -or $PSCmdlet.MyInvocation.ExpectingInput -or $Raw) {
            ReadOperation 'Test-SentinelContent' 'SentinelManager.SentinelContent' $PSCmdlet $PSBoundParameters $given $_
        }
        else {
            $order = @{ operation = 'Test-SentinelContent'; step = 'read'; arguments = $PSBoundParameters }
            Invoke-HostFunction sentinel $order -Caller $PSCmdlet -TypeName 'SentinelManager.SentinelContent' -Library $script:library
        }
    }
}

function New-SentinelTable {
    <#
    .SYNOPSIS
        Creates a custom table.
    .DESCRIPTION
        Creates a custom table. The name ends in _CL; it is added where it is missing. A column TimeGenerated is added where there is none. It can be undone, with traces. It is planned first; -WhatIf shows the plan and does nothing.
    .PARAMETER TableName
        The table's name; _CL is added where it is missing.
    .PARAMETER Schema
        Its columns: an object of names and types, a list of objects with name and type, or a list of texts Name:type.
    .PARAMETER Plan
        Its plan; 'Analytics' if it is not given. One of: Analytics, Basic, Auxiliary.
    .PARAMETER RetentionInDays
        Days that data can be queried, 4 to 730; -1 for the workspace's default.
    .PARAMETER TotalRetentionInDays
        Days that data is kept in all, 4 to 4383; -1 for the same as it can be queried.
    .PARAMETER Description
        What it holds.
    .PARAMETER NoWait
        Does not wait until Azure has made it.
    .PARAMETER TimeoutSec
        Seconds to wait for that at most; 300 if it is not given.
    .PARAMETER WorkspaceName
        Workspaces: name, resource id or customer id; several, or a pattern such as law-* or *.
    .PARAMETER ResourceGroupName
        Resource group of the workspace, where its name alone is ambiguous.
    .PARAMETER SubscriptionId
        Subscription of the workspace, where its name alone is ambiguous.
    .PARAMETER TenantId
        Tenant of the workspace: id or name.
    .PARAMETER NoCache
        Asks Azure, whatever is in the cache.
    .PARAMETER ShowHeader
        Accepted and without effect, for scripts of the predecessor.
    .PARAMETER PlanDigest
        Digest of a plan that -WhatIf showed: it is done only if it is still that plan.
    .PARAMETER ConfirmName
        Name of what is ended, for what cannot be undone. Without it, it is asked for where somebody can answer.
    .EXAMPLE
        New-SentinelTable -WorkspaceName law-contoso -TableName Firewall_CL -Schema @{ Action = 'string'; Bytes = 'long' } -RetentionInDays 90

        A table of two columns
    .INPUTS
        Objects with properties that have the names of parameters, such as the rows of other functions.
    .OUTPUTS
        SentinelManager.Outcome: TenantName, WorkspaceName, Action, Name, Id, State, Undo, Journal, Object, Error
    .NOTES
        Needs these actions of Azure: Microsoft.OperationalInsights/workspaces/tables/read, Microsoft.OperationalInsights/workspaces/tables/write
    #>
    [CmdletBinding(PositionalBinding = $false, SupportsShouldProcess, ConfirmImpact = 'Medium')]
    [Alias('new_sentineltable')]
    [OutputType('SentinelManager.Outcome', 'SentinelManager.Plan')]
    param(
        [Parameter(Mandatory, Position = 0, ValueFromPipelineByPropertyName)]
        [Alias('Name')]
        [ValidateLength(0, 63)]
        [ValidatePattern('^[A-Za-z][A-Za-z0-9_]*$', Options = 'None')]
        [string] $TableName,

        [Parameter(Mandatory, ValueFromPipelineByPropertyName)]
        [object] $Schema,

        [Parameter(ValueFromPipelineByPropertyName)]
        [ValidateSet('Analytics', 'Basic', 'Auxiliary')]
        [string] $Plan = 'Analytics',

        [Parameter(ValueFromPipelineByPropertyName)]
        [ValidateRange([int] -1, [int] 730)]
        [int] $RetentionInDays,

        [Parameter(ValueFromPipelineByPropertyName)]
        [ValidateRange([int] -1, [int] 4383)]
        [int] $TotalRetentionInDays,

        [Parameter(ValueFromPipelineByPropertyName)]
        [string] $Description,

        [Parameter()]
        [switch] $NoWait,

        [Parameter(ValueFromPipelineByPropertyName)]
        [ValidateRange([int] 1, [int] 3600)]
        [int] $TimeoutSec = 300,

        [Parameter(ValueFromPipelineByPropertyName)]
        [Alias('Workspace')]
        [SupportsWildcards()]
        [string[]] $WorkspaceName,

        [Parameter(ValueFromPipelineByPropertyName)]
        [Alias('ResourceGroup')]
        [string] $ResourceGroupName,

        [Parameter(ValueFromPipelineByPropertyName)]
        [string] $SubscriptionId,

        [Parameter(ValueFromPipelineByPropertyName)]
        [Alias('TenantName')]
        [string] $TenantId,

        [Parameter()]
        [switch] $NoCache,

        [Parameter(DontShow)]
        [bool] $ShowHeader,

        [Parameter()]
        [string] $PlanDigest,

        [Parameter()]
        [string] $ConfirmName
    )
    begin {
        $given = [string[]] $PSBoundParameters.Keys
    }
    process { WriteOperation 'New-SentinelTable' $PSCmdlet $PSBoundParameters $given $_ }
}

function Get-SentinelTables {
    <#
    .SYNOPSIS
        Lists tables with plan and retention; custom ones unless TableType says otherwise.
    .DESCRIPTION
        Lists tables with plan and retention; custom ones unless TableType says otherwise.
    .PARAMETER TableName
        Only tables whose names fit this pattern (* and ?).
    .PARAMETER TableType
        Only tables of this type. One of: All, Custom, Microsoft, SearchResults, RestoredLogs.
    .PARAMETER Plan
        Only tables of this plan. One of: Analytics, Basic, Auxiliary.
    .PARAMETER IncludeSchema
        Adds the columns.
    .PARAMETER IncludeUsage
        Adds the volume of the last day and when data came last.
    .PARAMETER WorkspaceName
        Workspaces: name, resource id or customer id; several, or a pattern such as law-* or *.
    .PARAMETER ResourceGroupName
        Resource group of the workspace, where its name alone is ambiguous.
    .PARAMETER SubscriptionId
        Subscription of the workspace, where its name alone is ambiguous.
    .PARAMETER TenantId
        Tenant of the workspace: id or name.
    .PARAMETER TenantFilter
        Regular expression over names and ids of tenants; without WorkspaceName, all of their workspaces are meant.
    .PARAMETER Raw
        Answers the objects as Azure has them.
    .PARAMETER NoCache
        Asks Azure, whatever is in the cache.
    .PARAMETER ShowHeader
        Accepted and without effect, for scripts of the predecessor.
    .EXAMPLE
        Get-SentinelTables -WorkspaceName law-contoso

        Custom tables
    .EXAMPLE
        Get-SentinelTables -WorkspaceName law-contoso -TableType All -IncludeUsage

        All with yesterday's volume
    .INPUTS
        Objects with properties that have the names of parameters, such as the rows of other functions.
    .OUTPUTS
        SentinelManager.SentinelTables: TableName, TableType, Plan, RetentionInDays, TotalRetentionInDays, ColumnCount, Description, Columns, UsageGb, LastData, ProvisioningState, Id, TenantName, WorkspaceName
    .NOTES
        Needs these actions of Azure: Microsoft.OperationalInsights/workspaces/tables/read
    #>
    [CmdletBinding(PositionalBinding = $false)]
    [Alias('get_sentineltables')]
    [OutputType('SentinelManager.SentinelTables')]
    param(
        [Parameter(ValueFromPipelineByPropertyName)]
        [Alias('Name')]
        [string] $TableName,

        [Parameter()]
        [ValidateSet('All', 'Custom', 'Microsoft', 'SearchResults', 'RestoredLogs')]
        [string] $TableType,

        [Parameter()]
        [ValidateSet('Analytics', 'Basic', 'Auxiliary')]
        [string] $Plan,

        [Parameter()]
        [switch] $IncludeSchema,

        [Parameter()]
        [switch] $IncludeUsage,

        [Parameter(ValueFromPipelineByPropertyName)]
        [Alias('Workspace')]
        [SupportsWildcards()]
        [string[]] $WorkspaceName,

        [Parameter(ValueFromPipelineByPropertyName)]
        [Alias('ResourceGroup')]
        [string] $ResourceGroupName,

        [Parameter(ValueFromPipelineByPropertyName)]
        [string] $SubscriptionId,

        [Parameter(ValueFromPipelineByPropertyName)]
        [Alias('TenantName')]
        [string] $TenantId,

        [Parameter()]
        [string] $TenantFilter,

        [Parameter()]
        [switch] $Raw,

        [Parameter()]
        [switch] $NoCache,

        [Parameter(DontShow)]
        [bool] $ShowHeader
    )
    begin {
        $given = [string[]] $PSBoundParameters.Keys
    }
    process {
        if (-not $script:callable -or $PSCmdlet.MyInvocation.ExpectingInput -or $Raw) {
            ReadOperation 'Get-SentinelTables' 'SentinelManager.SentinelTables' $PSCmdlet $PSBoundParameters $given $_
        }
        else {
            $order = @{ operation = 'Get-SentinelTables'; step = 'read'; arguments = $PSBoundParameters }
            Invoke-HostFunction sentinel $order -Caller $PSCmdlet -TypeName 'SentinelManager.SentinelTables' -Library $script:library
        }
    }
}

function Remove-SentinelTable {
    <#
    .SYNOPSIS
        Removes a custom table and its data.
    .DESCRIPTION
        Removes a custom table and its data. Rules that read the table are named first. The data cannot be brought back by this program. It cannot be undone: the name of what it ends is wanted in ConfirmName. It is planned first; -WhatIf shows the plan and does nothing.
    .PARAMETER TableName
        The table's name.
    .PARAMETER Force
        Removes it although rules read it.
    .PARAMETER WorkspaceName
        Workspaces: name, resource id or customer id; several, or a pattern such as law-* or *.
    .PARAMETER ResourceGroupName
        Resource group of the workspace, where its name alone is ambiguous.
    .PARAMETER SubscriptionId
        Subscription of the workspace, where its name alone is ambiguous.
    .PARAMETER TenantId
        Tenant of the workspace: id or name.
    .PARAMETER NoCache
        Asks Azure, whatever is in the cache.
    .PARAMETER ShowHeader
        Accepted and without effect, for scripts of the predecessor.
    .PARAMETER PlanDigest
        Digest of a plan that -WhatIf showed: it is done only if it is still that plan.
    .PARAMETER ConfirmName
        Name of what is ended, for what cannot be undone. Without it, it is asked for where somebody can answer.
    .EXAMPLE
        Remove-SentinelTable -WorkspaceName law-contoso -TableName Firewall_CL -WhatIf

        One table
    .INPUTS
        Objects with properties that have the names of parameters, such as the rows of other functions.
    .OUTPUTS
        SentinelManager.Outcome: TenantName, WorkspaceName, Action, Name, Id, State, Undo, Journal, Object, Error
    .NOTES
        Needs these actions of Azure: Microsoft.OperationalInsights/workspaces/tables/read, Microsoft.OperationalInsights/workspaces/tables/delete
    #>
    [CmdletBinding(PositionalBinding = $false, SupportsShouldProcess, ConfirmImpact = 'High')]
    [Alias('remove_sentineltable')]
    [OutputType('SentinelManager.Outcome', 'SentinelManager.Plan')]
    param(
        [Parameter(Mandatory, Position = 0, ValueFromPipelineByPropertyName)]
        [Alias('Name')]
        [string] $TableName,

        [Parameter()]
        [switch] $Force,

        [Parameter(ValueFromPipelineByPropertyName)]
        [Alias('Workspace')]
        [SupportsWildcards()]
        [string[]] $WorkspaceName,

        [Parameter(ValueFromPipelineByPropertyName)]
        [Alias('ResourceGroup')]
        [string] $ResourceGroupName,

        [Parameter(ValueFromPipelineByPropertyName)]
        [string] $SubscriptionId,

        [Parameter(ValueFromPipelineByPropertyName)]
        [Alias('TenantName')]
        [string] $TenantId,

        [Parameter()]
        [switch] $NoCache,

        [Parameter(DontShow)]
        [bool] $ShowHeader,

        [Parameter()]
        [string] $PlanDigest,

        [Parameter()]
        [string] $ConfirmName
    )
    begin {
        $given = [string[]] $PSBoundParameters.Keys
        if ($Force -and -not $PSBoundParameters.ContainsKey('Confirm')) { $ConfirmPreference = 'None' }
    }
    process { WriteOperation 'Remove-SentinelTable' $PSCmdlet $PSBoundParameters $given $_ }
}

function Update-TablePlan {
    <#
    .SYNOPSIS
        Changes the plan of tables: Analytics, Basic or Auxiliary.
    .DESCRIPTION
        Changes the plan of tables: Analytics, Basic or Auxiliary. Rules that read a table stop working when it leaves the plan Analytics; they are named first. A plan changes once a week at most, so that the way back may be closed for a week. It can be undone, with traces. It is planned first; -WhatIf shows the plan and does nothing.
    .PARAMETER TableName
        Names of tables, or patterns.
    .PARAMETER Plan
        The plan they shall have. One of: Analytics, Basic, Auxiliary.
    .PARAMETER Force
        Changes it although rules read the table.
    .PARAMETER WorkspaceName
        Workspaces: name, resource id or customer id; several, or a pattern such as law-* or *.
    .PARAMETER ResourceGroupName
        Resource group of the workspace, where its name alone is ambiguous.
    .PARAMETER SubscriptionId
        Subscription of the workspace, where its name alone is ambiguous.
    .PARAMETER TenantId
        Tenant of the workspace: id or name.
    .PARAMETER NoCache
        Asks Azure, whatever is in the cache.
    .PARAMETER ShowHeader
        Accepted and without effect, for scripts of the predecessor.
    .PARAMETER PlanDigest
        Digest of a plan that -WhatIf showed: it is done only if it is still that plan.
    .PARAMETER ConfirmName
        Name of what is ended, for what cannot be undone. Without it, it is asked for where somebody can answer.
    .EXAMPLE
        Update-TablePlan -WorkspaceName law-contoso -TableName Firewall_CL -Plan Basic -WhatIf

        A cheap table
    .INPUTS
        Objects with properties that have the names of parameters, such as the rows of other functions.
    .OUTPUTS
        SentinelManager.Outcome: TenantName, WorkspaceName, Action, Name, Id, State, Undo, Journal, Object, Error
    .NOTES
        Needs these actions of Azure: Microsoft.OperationalInsights/workspaces/tables/read, Microsoft.OperationalInsights/workspaces/tables/write
    #>
    [CmdletBinding(PositionalBinding = $false, SupportsShouldProcess, ConfirmImpact = 'High')]
    [Alias('update_tableplan')]
    [OutputType('SentinelManager.Outcome', 'SentinelManager.Plan')]
    param(
        [Parameter(Mandatory, Position = 0, ValueFromPipelineByPropertyName)]
        [Alias('Name')]
        [string[]] $TableName,

        [Parameter(Mandatory)]
        [ValidateSet('Analytics', 'Basic', 'Auxiliary')]
        [string] $Plan,

        [Parameter()]
        [switch] $Force,

        [Parameter(ValueFromPipelineByPropertyName)]
        [Alias('Workspace')]
        [SupportsWildcards()]
        [string[]] $WorkspaceName,

        [Parameter(ValueFromPipelineByPropertyName)]
        [Alias('ResourceGroup')]
        [string] $ResourceGroupName,

        [Parameter(ValueFromPipelineByPropertyName)]
        [string] $SubscriptionId,

        [Parameter(ValueFromPipelineByPropertyName)]
        [Alias('TenantName')]
        [string] $TenantId,

        [Parameter()]
        [switch] $NoCache,

        [Parameter(DontShow)]
        [bool] $ShowHeader,

        [Parameter()]
        [string] $PlanDigest,

        [Parameter()]
        [string] $ConfirmName
    )
    begin {
        $given = [string[]] $PSBoundParameters.Keys
        if ($Force -and -not $PSBoundParameters.ContainsKey('Confirm')) { $ConfirmPreference = 'None' }
    }
    process { WriteOperation 'Update-TablePlan' $PSCmdlet $PSBoundParameters $given $_ }
}

function Update-TableRetention {
    <#
    .SYNOPSIS
        Changes for how long tables keep their data.
    .DESCRIPTION
        Changes for how long tables keep their data. -1 is the workspace's default. Data older than a shorter total retention is deleted after 30 days: until then a longer retention brings it back. It can be undone, with traces. It is planned first; -WhatIf shows the plan and does nothing.
    .PARAMETER TableName
        Names of tables, or patterns.
    .PARAMETER RetentionInDays
        Days that data can be queried, 4 to 730; -1 for the workspace's default.
    .PARAMETER TotalRetentionInDays
        Days that data is kept in all, 4 to 4383; -1 for the same as it can be queried.
    .PARAMETER WorkspaceName
        Workspaces: name, resource id or customer id; several, or a pattern such as law-* or *.
    .PARAMETER ResourceGroupName
        Resource group of the workspace, where its name alone is ambiguous.
    .PARAMETER SubscriptionId
        Subscription of the workspace, where its name alone is ambiguous.
    .PARAMETER TenantId
        Tenant of the workspace: id or name.
    .PARAMETER NoCache
        Asks Azure, whatever is in the cache.
    .PARAMETER ShowHeader
        Accepted and without effect, for scripts of the predecessor.
    .PARAMETER PlanDigest
        Digest of a plan that -WhatIf showed: it is done only if it is still that plan.
    .PARAMETER ConfirmName
        Name of what is ended, for what cannot be undone. Without it, it is asked for where somebody can answer.
    .EXAMPLE
        Update-TableRetention -WorkspaceName law-contoso -TableName SigninLogs -TotalRetentionInDays 730

        Two years in all
    .INPUTS
        Objects with properties that have the names of parameters, such as the rows of other functions.
    .OUTPUTS
        SentinelManager.Outcome: TenantName, WorkspaceName, Action, Name, Id, State, Undo, Journal, Object, Error
    .NOTES
        Needs these actions of Azure: Microsoft.OperationalInsights/workspaces/tables/read, Microsoft.OperationalInsights/workspaces/tables/write
    #>
    [CmdletBinding(PositionalBinding = $false, SupportsShouldProcess, ConfirmImpact = 'High')]
    [Alias('update_tableretention')]
    [OutputType('SentinelManager.Outcome', 'SentinelManager.Plan')]
    param(
        [Parameter(Mandatory, Position = 0, ValueFromPipelineByPropertyName)]
        [Alias('Name')]
        [string[]] $TableName,

        [Parameter()]
        [ValidateRange([int] -1, [int] 730)]
        [int] $RetentionInDays,

        [Parameter()]
        [ValidateRange([int] -1, [int] 4383)]
        [int] $TotalRetentionInDays,

        [Parameter(ValueFromPipelineByPropertyName)]
        [Alias('Workspace')]
        [SupportsWildcards()]
        [string[]] $WorkspaceName,

        [Parameter(ValueFromPipelineByPropertyName)]
        [Alias('ResourceGroup')]
        [string] $ResourceGroupName,

        [Parameter(ValueFromPipelineByPropertyName)]
        [string] $SubscriptionId,

        [Parameter(ValueFromPipelineByPropertyName)]
        [Alias('TenantName')]
        [string] $TenantId,

        [Parameter()]
        [switch] $NoCache,

        [Parameter(DontShow)]
        [bool] $ShowHeader,

        [Parameter()]
        [string] $PlanDigest,

        [Parameter()]
        [string] $ConfirmName
    )
    begin {
        $given = [string[]] $PSBoundParameters.Keys
    }
    process { WriteOperation 'Update-TableRetention' $PSCmdlet $PSBoundParameters $given $_ }
}

function Get-TableRetention {
    <#
    .SYNOPSIS
        Shows for how long tables keep their data, and where that differs from the workspace's default.
    .DESCRIPTION
        Shows for how long tables keep their data, and where that differs from the workspace's default.
    .PARAMETER TableName
        Only tables whose names fit this pattern (* and ?).
    .PARAMETER NonDefaultOnly
        Only tables whose retention differs from the workspace's default.
    .PARAMETER WorkspaceName
        Workspaces: name, resource id or customer id; several, or a pattern such as law-* or *.
    .PARAMETER ResourceGroupName
        Resource group of the workspace, where its name alone is ambiguous.
    .PARAMETER SubscriptionId
        Subscription of the workspace, where its name alone is ambiguous.
    .PARAMETER TenantId
        Tenant of the workspace: id or name.
    .PARAMETER TenantFilter
        Regular expression over names and ids of tenants; without WorkspaceName, all of their workspaces are meant.
    .PARAMETER Raw
        Answers the objects as Azure has them.
    .PARAMETER NoCache
        Asks Azure, whatever is in the cache.
    .PARAMETER ShowHeader
        Accepted and without effect, for scripts of the predecessor.
    .EXAMPLE
        View-TableRetention -WorkspaceName law-contoso -NonDefaultOnly

        What differs
    .INPUTS
        Objects with properties that have the names of parameters, such as the rows of other functions.
    .OUTPUTS
        SentinelManager.TableRetention: TableName, Plan, Retention, TotalRetention, Archive, IsDefault, WorkspaceRetention, Id, TenantName, WorkspaceName
    .NOTES
        Needs these actions of Azure: Microsoft.OperationalInsights/workspaces/tables/read, Microsoft.OperationalInsights/workspaces/read
    #>
    [CmdletBinding(PositionalBinding = $false)]
    [Alias('View-TableRetention', 'view_tableretention')]
    [OutputType('SentinelManager.TableRetention')]
    param(
        [Parameter(ValueFromPipelineByPropertyName)]
        [Alias('Name')]
        [string] $TableName,

        [Parameter()]
        [switch] $NonDefaultOnly,

        [Parameter(ValueFromPipelineByPropertyName)]
        [Alias('Workspace')]
        [SupportsWildcards()]
        [string[]] $WorkspaceName,

        [Parameter(ValueFromPipelineByPropertyName)]
        [Alias('ResourceGroup')]
        [string] $ResourceGroupName,

        [Parameter(ValueFromPipelineByPropertyName)]
        [string] $SubscriptionId,

        [Parameter(ValueFromPipelineByPropertyName)]
        [Alias('TenantName')]
        [string] $TenantId,

        [Parameter()]
        [string] $TenantFilter,

        [Parameter()]
        [switch] $Raw,

        [Parameter()]
        [switch] $NoCache,

        [Parameter(DontShow)]
        [bool] $ShowHeader
    )
    begin {
        $given = [string[]] $PSBoundParameters.Keys
    }
    process {
        if (-not $script:callable -or $PSCmdlet.MyInvocation.ExpectingInput -or $Raw) {
            ReadOperation 'View-TableRetention' 'SentinelManager.TableRetention' $PSCmdlet $PSBoundParameters $given $_
        }
        else {
            $order = @{ operation = 'View-TableRetention'; step = 'read'; arguments = $PSBoundParameters }
            Invoke-HostFunction sentinel $order -Caller $PSCmdlet -TypeName 'SentinelManager.TableRetention' -Library $script:library
        }
    }
}

function Get-AnalyticsRules {
    <#
    .SYNOPSIS
        Lists analytics rules, with what they need to be judged by: state, severity, schedule, tactics.
    .DESCRIPTION
        Lists analytics rules, with what they need to be judged by: state, severity, schedule, tactics.
    .PARAMETER Enabled
        Only enabled rules; false: only disabled ones.
    .PARAMETER Kind
        Only rules of these kinds. One of: Scheduled, NRT, Fusion, MicrosoftSecurityIncidentCreation, ThreatIntelligence, MLBehaviorAnalytics.
    .PARAMETER Severity
        Only rules of these severities. One of: High, Medium, Low, Informational.
    .PARAMETER Name
        Only rules whose display names fit this pattern (* and ?).
    .PARAMETER Tactic
        Only rules of one of these tactics, such as CredentialAccess.
    .PARAMETER Technique
        Only rules of one of these techniques, such as T1110.
    .PARAMETER TableName
        Only rules whose query names this table.
    .PARAMETER IncludeQuery
        Adds the query to each row.
    .PARAMETER WorkspaceName
        Workspaces: name, resource id or customer id; several, or a pattern such as law-* or *.
    .PARAMETER ResourceGroupName
        Resource group of the workspace, where its name alone is ambiguous.
    .PARAMETER SubscriptionId
        Subscription of the workspace, where its name alone is ambiguous.
    .PARAMETER TenantId
        Tenant of the workspace: id or name.
    .PARAMETER TenantFilter
        Regular expression over names and ids of tenants; without WorkspaceName, all of their workspaces are meant.
    .PARAMETER Raw
        Answers the objects as Azure has them.
    .PARAMETER NoCache
        Asks Azure, whatever is in the cache.
    .PARAMETER ShowHeader
        Accepted and without effect, for scripts of the predecessor.
    .EXAMPLE
        Get-AnalyticsRules -WorkspaceName * -Enabled:$false

        Disabled rules anywhere
    .EXAMPLE
        Get-AnalyticsRules -WorkspaceName law-contoso -TableName SigninLogs

        Rules that read a table
    .INPUTS
        Objects with properties that have the names of parameters, such as the rows of other functions.
    .OUTPUTS
        SentinelManager.AnalyticsRules: DisplayName, Kind, Severity, Enabled, Tactics, Techniques, QueryFrequency, QueryPeriod, LastModifiedUtc, AlertRuleTemplateName, TemplateVersion, Query, RuleId, Etag, Id, TenantName, WorkspaceName
    .NOTES
        Needs these actions of Azure: Microsoft.SecurityInsights/alertRules/read
    #>
    [CmdletBinding(PositionalBinding = $false)]
    [Alias('get_analyticsrules')]
    [OutputType('SentinelManager.AnalyticsRules')]
    param(
        [Parameter()]
        [bool] $Enabled,

        [Parameter()]
        [ValidateSet('Scheduled', 'NRT', 'Fusion', 'MicrosoftSecurityIncidentCreation', 'ThreatIntelligence', 'MLBehaviorAnalytics')]
        [string[]] $Kind,

        [Parameter()]
        [ValidateSet('High', 'Medium', 'Low', 'Informational')]
        [string[]] $Severity,

        [Parameter(ValueFromPipelineByPropertyName)]
        [Alias('DisplayName', 'RuleName')]
        [string] $Name,

        [Parameter()]
        [string[]] $Tactic,

        [Parameter()]
        [string[]] $Technique,

        [Parameter(ValueFromPipelineByPropertyName)]
        [string] $TableName,

        [Parameter()]
        [switch] $IncludeQuery,

        [Parameter(ValueFromPipelineByPropertyName)]
        [Alias('Workspace')]
        [SupportsWildcards()]
        [string[]] $WorkspaceName,

        [Parameter(ValueFromPipelineByPropertyName)]
        [Alias('ResourceGroup')]
        [string] $ResourceGroupName,

        [Parameter(ValueFromPipelineByPropertyName)]
        [string] $SubscriptionId,

        [Parameter(ValueFromPipelineByPropertyName)]
        [Alias('TenantName')]
        [string] $TenantId,

        [Parameter()]
        [string] $TenantFilter,

        [Parameter()]
        [switch] $Raw,

        [Parameter()]
        [switch] $NoCache,

        [Parameter(DontShow)]
        [bool] $ShowHeader
    )
    begin {
        $given = [string[]] $PSBoundParameters.Keys
    }
    process {
        if (-not $script:callable -or $PSCmdlet.MyInvocation.ExpectingInput -or $Raw) {
            ReadOperation 'Get-AnalyticsRules' 'SentinelManager.AnalyticsRules' $PSCmdlet $PSBoundParameters $given $_
        }
        else {
            $order = @{ operation = 'Get-AnalyticsRules'; step = 'read'; arguments = $PSBoundParameters }
            Invoke-HostFunction sentinel $order -Caller $PSCmdlet -TypeName 'SentinelManager.AnalyticsRules' -Library $script:library
        }
    }
}

function Get-AnalyticsRuleDetails {
    <#
    .SYNOPSIS
        Shows everything about one analytics rule: query, schedule, entity mappings, incident settings.
    .DESCRIPTION
        Shows everything about one analytics rule: query, schedule, entity mappings, incident settings.
    .PARAMETER RuleId
        The rule's id.
    .PARAMETER RuleName
        The rule's display name.
    .PARAMETER IncludeActions
        Adds its playbook actions.
    .PARAMETER IncludeHealth
        Adds its last run, from the table SentinelHealth.
    .PARAMETER IncludeTemplateDiff
        Adds where it differs from the template it was made from.
    .PARAMETER WorkspaceName
        Workspaces: name, resource id or customer id; several, or a pattern such as law-* or *.
    .PARAMETER ResourceGroupName
        Resource group of the workspace, where its name alone is ambiguous.
    .PARAMETER SubscriptionId
        Subscription of the workspace, where its name alone is ambiguous.
    .PARAMETER TenantId
        Tenant of the workspace: id or name.
    .PARAMETER TenantFilter
        Regular expression over names and ids of tenants; without WorkspaceName, all of their workspaces are meant.
    .PARAMETER Raw
        Answers the objects as Azure has them.
    .PARAMETER NoCache
        Asks Azure, whatever is in the cache.
    .PARAMETER ShowHeader
        Accepted and without effect, for scripts of the predecessor.
    .EXAMPLE
        Get-AnalyticsRuleDetails -WorkspaceName law-contoso -RuleName 'Brute force against Entra ID' -IncludeHealth

        A rule by name, with its last run
    .INPUTS
        Objects with properties that have the names of parameters, such as the rows of other functions.
    .OUTPUTS
        SentinelManager.AnalyticsRuleDetails: DisplayName, Kind, Severity, Enabled, Description, Tactics, Techniques, Query, QueryFrequency, QueryPeriod, TriggerOperator, TriggerThreshold, SuppressionEnabled, SuppressionDuration, EntityMappings, CustomDetails, AlertDetailsOverride, EventGroupingSettings, IncidentConfiguration, AlertRuleTemplateName, TemplateVersion, LastModifiedUtc, Actions, Health, TemplateDiff, RuleId, Etag, Id, TenantName, WorkspaceName
    .NOTES
        Needs these actions of Azure: Microsoft.SecurityInsights/alertRules/read
    #>
    [CmdletBinding(PositionalBinding = $false)]
    [Alias('get_analyticsruledetails')]
    [OutputType('SentinelManager.AnalyticsRuleDetails')]
    param(
        [Parameter(ValueFromPipelineByPropertyName)]
        [Alias('Id')]
        [string] $RuleId,

        [Parameter(ValueFromPipelineByPropertyName)]
        [Alias('DisplayName', 'Name')]
        [string] $RuleName,

        [Parameter()]
        [switch] $IncludeActions,

        [Parameter()]
        [switch] $IncludeHealth,

        [Parameter()]
        [switch] $IncludeTemplateDiff,

        [Parameter(ValueFromPipelineByPropertyName)]
        [Alias('Workspace')]
        [SupportsWildcards()]
        [string[]] $WorkspaceName,

        [Parameter(ValueFromPipelineByPropertyName)]
        [Alias('ResourceGroup')]
        [string] $ResourceGroupName,

        [Parameter(ValueFromPipelineByPropertyName)]
        [string] $SubscriptionId,

        [Parameter(ValueFromPipelineByPropertyName)]
        [Alias('TenantName')]
        [string] $TenantId,

        [Parameter()]
        [string] $TenantFilter,

        [Parameter()]
        [switch] $Raw,

        [Parameter()]
        [switch] $NoCache,

        [Parameter(DontShow)]
        [bool] $ShowHeader
    )
    begin {
        $given = [string[]] $PSBoundParameters.Keys
    }
    process {
        if (-not $script:callable -or $PSCmdlet.MyInvocation.ExpectingInput -or $Raw) {
            ReadOperation 'Get-AnalyticsRuleDetails' 'SentinelManager.AnalyticsRuleDetails' $PSCmdlet $PSBoundParameters $given $_
        }
        else {
            $order = @{ operation = 'Get-AnalyticsRuleDetails'; step = 'read'; arguments = $PSBoundParameters }
            Invoke-HostFunction sentinel $order -Caller $PSCmdlet -TypeName 'SentinelManager.AnalyticsRuleDetails' -Library $script:library
        }
    }
}

function Enable-AnalyticsRule {
    <#
    .SYNOPSIS
        Enables analytics rules.
    .DESCRIPTION
        Enables analytics rules. It can be undone exactly. It is planned first; -WhatIf shows the plan and does nothing.
    .PARAMETER RuleId
        Ids of rules.
    .PARAMETER RuleName
        Display names of rules, or patterns.
    .PARAMETER All
        All rules, or those that Filter names.
    .PARAMETER Filter
        With All: pattern of display names.
    .PARAMETER WorkspaceName
        Workspaces: name, resource id or customer id; several, or a pattern such as law-* or *.
    .PARAMETER ResourceGroupName
        Resource group of the workspace, where its name alone is ambiguous.
    .PARAMETER SubscriptionId
        Subscription of the workspace, where its name alone is ambiguous.
    .PARAMETER TenantId
        Tenant of the workspace: id or name.
    .PARAMETER NoCache
        Asks Azure, whatever is in the cache.
    .PARAMETER ShowHeader
        Accepted and without effect, for scripts of the predecessor.
    .PARAMETER PlanDigest
        Digest of a plan that -WhatIf showed: it is done only if it is still that plan.
    .PARAMETER ConfirmName
        Name of what is ended, for what cannot be undone. Without it, it is asked for where somebody can answer.
    .EXAMPLE
        Enable-AnalyticsRule -WorkspaceName law-contoso -RuleName 'Brute force against Entra ID'

        One rule by name
    .INPUTS
        Objects with properties that have the names of parameters, such as the rows of other functions.
    .OUTPUTS
        SentinelManager.Outcome: TenantName, WorkspaceName, Action, Name, Id, State, Undo, Journal, Object, Error
    .NOTES
        Needs these actions of Azure: Microsoft.SecurityInsights/alertRules/read, Microsoft.SecurityInsights/alertRules/write
    #>
    [CmdletBinding(PositionalBinding = $false, SupportsShouldProcess, ConfirmImpact = 'Medium')]
    [Alias('enable_analyticsrule')]
    [OutputType('SentinelManager.Outcome', 'SentinelManager.Plan')]
    param(
        [Parameter(ValueFromPipelineByPropertyName)]
        [Alias('Id')]
        [string[]] $RuleId,

        [Parameter(ValueFromPipelineByPropertyName)]
        [Alias('DisplayName', 'Name')]
        [string[]] $RuleName,

        [Parameter()]
        [switch] $All,

        [Parameter()]
        [string] $Filter,

        [Parameter(ValueFromPipelineByPropertyName)]
        [Alias('Workspace')]
        [SupportsWildcards()]
        [string[]] $WorkspaceName,

        [Parameter(ValueFromPipelineByPropertyName)]
        [Alias('ResourceGroup')]
        [string] $ResourceGroupName,

        [Parameter(ValueFromPipelineByPropertyName)]
        [string] $SubscriptionId,

        [Parameter(ValueFromPipelineByPropertyName)]
        [Alias('TenantName')]
        [string] $TenantId,

        [Parameter()]
        [switch] $NoCache,

        [Parameter(DontShow)]
        [bool] $ShowHeader,

        [Parameter()]
        [string] $PlanDigest,

        [Parameter()]
        [string] $ConfirmName
    )
    begin {
        $given = [string[]] $PSBoundParameters.Keys
    }
    process { WriteOperation 'Enable-AnalyticsRule' $PSCmdlet $PSBoundParameters $given $_ }
}

function Disable-AnalyticsRule {
    <#
    .SYNOPSIS
        Disables analytics rules: they make no alerts until they are enabled again.
    .DESCRIPTION
        Disables analytics rules: they make no alerts until they are enabled again. It can be undone exactly. It is planned first; -WhatIf shows the plan and does nothing.
    .PARAMETER RuleId
        Ids of rules.
    .PARAMETER RuleName
        Display names of rules, or patterns.
    .PARAMETER All
        All rules, or those that Filter names.
    .PARAMETER Filter
        With All: pattern of display names.
    .PARAMETER Reason
        Why; it is kept in the journal, not in the rule.
    .PARAMETER WorkspaceName
        Workspaces: name, resource id or customer id; several, or a pattern such as law-* or *.
    .PARAMETER ResourceGroupName
        Resource group of the workspace, where its name alone is ambiguous.
    .PARAMETER SubscriptionId
        Subscription of the workspace, where its name alone is ambiguous.
    .PARAMETER TenantId
        Tenant of the workspace: id or name.
    .PARAMETER NoCache
        Asks Azure, whatever is in the cache.
    .PARAMETER ShowHeader
        Accepted and without effect, for scripts of the predecessor.
    .PARAMETER PlanDigest
        Digest of a plan that -WhatIf showed: it is done only if it is still that plan.
    .PARAMETER ConfirmName
        Name of what is ended, for what cannot be undone. Without it, it is asked for where somebody can answer.
    .EXAMPLE
        Disable-AnalyticsRule -WorkspaceName law-contoso -All -Filter 'TEST*' -Reason 'end of the exercise' -WhatIf

        All rules whose names begin with TEST
    .INPUTS
        Objects with properties that have the names of parameters, such as the rows of other functions.
    .OUTPUTS
        SentinelManager.Outcome: TenantName, WorkspaceName, Action, Name, Id, State, Undo, Journal, Object, Error
    .NOTES
        Needs these actions of Azure: Microsoft.SecurityInsights/alertRules/read, Microsoft.SecurityInsights/alertRules/write
    #>
    [CmdletBinding(PositionalBinding = $false, SupportsShouldProcess, ConfirmImpact = 'Medium')]
    [Alias('disable_analyticsrule')]
    [OutputType('SentinelManager.Outcome', 'SentinelManager.Plan')]
    param(
        [Parameter(ValueFromPipelineByPropertyName)]
        [Alias('Id')]
        [string[]] $RuleId,

        [Parameter(ValueFromPipelineByPropertyName)]
        [Alias('DisplayName', 'Name')]
        [string[]] $RuleName,

        [Parameter()]
        [switch] $All,

        [Parameter()]
        [string] $Filter,

        [Parameter()]
        [string] $Reason,

        [Parameter(ValueFromPipelineByPropertyName)]
        [Alias('Workspace')]
        [SupportsWildcards()]
        [string[]] $WorkspaceName,

        [Parameter(ValueFromPipelineByPropertyName)]
        [Alias('ResourceGroup')]
        [string] $ResourceGroupName,

        [Parameter(ValueFromPipelineByPropertyName)]
        [string] $SubscriptionId,

        [Parameter(ValueFromPipelineByPropertyName)]
        [Alias('TenantName')]
        [string] $TenantId,

        [Parameter()]
        [switch] $NoCache,

        [Parameter(DontShow)]
        [bool] $ShowHeader,

        [Parameter()]
        [string] $PlanDigest,

        [Parameter()]
        [string] $ConfirmName
    )
    begin {
        $given = [string[]] $PSBoundParameters.Keys
    }
    process { WriteOperation 'Disable-AnalyticsRule' $PSCmdlet $PSBoundParameters $given $_ }
}

function Remove-AnalyticsRule {
    <#
    .SYNOPSIS
        Removes analytics rules; what they were is kept in the journal and, with BackupPath, in files.
    .DESCRIPTION
        Removes analytics rules; what they were is kept in the journal and, with BackupPath, in files. It can be undone exactly. It is planned first; -WhatIf shows the plan and does nothing.
    .PARAMETER RuleId
        Ids of rules.
    .PARAMETER RuleName
        Display names of rules, or patterns.
    .PARAMETER Force
        Does not ask; the plan and its digest are needed all the same.
    .PARAMETER BackupPath
        Folder below that of backups in which each rule is written to a file first.
    .PARAMETER WorkspaceName
        Workspaces: name, resource id or customer id; several, or a pattern such as law-* or *.
    .PARAMETER ResourceGroupName
        Resource group of the workspace, where its name alone is ambiguous.
    .PARAMETER SubscriptionId
        Subscription of the workspace, where its name alone is ambiguous.
    .PARAMETER TenantId
        Tenant of the workspace: id or name.
    .PARAMETER NoCache
        Asks Azure, whatever is in the cache.
    .PARAMETER ShowHeader
        Accepted and without effect, for scripts of the predecessor.
    .PARAMETER PlanDigest
        Digest of a plan that -WhatIf showed: it is done only if it is still that plan.
    .PARAMETER ConfirmName
        Name of what is ended, for what cannot be undone. Without it, it is asked for where somebody can answer.
    .EXAMPLE
        Remove-AnalyticsRule -WorkspaceName law-contoso -RuleId 73e01a99-5cd7-4139-a149-9f2736ff2ab5 -BackupPath rules

        One rule by id
    .INPUTS
        Objects with properties that have the names of parameters, such as the rows of other functions.
    .OUTPUTS
        SentinelManager.Outcome: TenantName, WorkspaceName, Action, Name, Id, State, Undo, Journal, Object, Error
    .NOTES
        Needs these actions of Azure: Microsoft.SecurityInsights/alertRules/read, Microsoft.SecurityInsights/alertRules/delete
    #>
    [CmdletBinding(PositionalBinding = $false, SupportsShouldProcess, ConfirmImpact = 'High')]
    [Alias('remove_analyticsrule')]
    [OutputType('SentinelManager.Outcome', 'SentinelManager.Plan')]
    param(
        [Parameter(ValueFromPipelineByPropertyName)]
        [Alias('Id')]
        [string[]] $RuleId,

        [Parameter(ValueFromPipelineByPropertyName)]
        [Alias('DisplayName', 'Name')]
        [string[]] $RuleName,

        [Parameter()]
        [switch] $Force,

        [Parameter()]
        [string] $BackupPath,

        [Parameter(ValueFromPipelineByPropertyName)]
        [Alias('Workspace')]
        [SupportsWildcards()]
        [string[]] $WorkspaceName,

        [Parameter(ValueFromPipelineByPropertyName)]
        [Alias('ResourceGroup')]
        [string] $ResourceGroupName,

        [Parameter(ValueFromPipelineByPropertyName)]
        [string] $SubscriptionId,

        [Parameter(ValueFromPipelineByPropertyName)]
        [Alias('TenantName')]
        [string] $TenantId,

        [Parameter()]
        [switch] $NoCache,

        [Parameter(DontShow)]
        [bool] $ShowHeader,

        [Parameter()]
        [string] $PlanDigest,

        [Parameter()]
        [string] $ConfirmName
    )
    begin {
        $given = [string[]] $PSBoundParameters.Keys
        if ($Force -and -not $PSBoundParameters.ContainsKey('Confirm')) { $ConfirmPreference = 'None' }
    }
    process { WriteOperation 'Remove-AnalyticsRule' $PSCmdlet $PSBoundParameters $given $_ }
}

function New-AnalyticsRule {
    <#
    .SYNOPSIS
        Creates an analytics rule.
    .DESCRIPTION
        Creates an analytics rule. FromFile takes what Export-AnalyticsRules or the portal wrote, or YAML as in the repository Azure/Azure-Sentinel. Rules are enabled unless Enabled is false. A query that the workspace cannot run is refused by Azure; such a rule can be saved with Enabled false. It can be undone exactly. It is planned first; -WhatIf shows the plan and does nothing.
    .PARAMETER DisplayName
        The rule's display name; wanted unless FromFile has one.
    .PARAMETER FromFile
        A file with the rule, below the folder of backups: JSON, ARM template or YAML.
    .PARAMETER Kind
        What kind of rule; 'Scheduled' if it is not given. One of: Scheduled, NRT, MicrosoftSecurityIncidentCreation, Fusion.
    .PARAMETER Severity
        Severity of its alerts; wanted for Scheduled and NRT. One of: High, Medium, Low, Informational.
    .PARAMETER Query
        The query, in KQL; wanted for Scheduled and NRT.
    .PARAMETER QueryFrequency
        How often it runs, 5 minutes to 14 days: 1h or PT1H.
    .PARAMETER QueryPeriod
        Over what time it looks back, at least the frequency: 1h or PT1H.
    .PARAMETER TriggerOperator
        How the number of results is compared; 'GreaterThan' if it is not given. One of: GreaterThan, LessThan, Equal, NotEqual.
    .PARAMETER TriggerThreshold
        With what the number of results is compared; 0 if it is not given.
    .PARAMETER SuppressionEnabled
        Pauses the rule after an alert.
    .PARAMETER SuppressionDuration
        For how long: 5h or PT5H; 'PT5H' if it is not given.
    .PARAMETER Description
        What the rule is about.
    .PARAMETER Tactics
        Tactics of MITRE ATT&CK, such as CredentialAccess.
    .PARAMETER Techniques
        Techniques of MITRE ATT&CK: T1110, or T1078.004 with its sub-technique.
    .PARAMETER EntityMappings
        How results become entities: objects with entityType and fieldMappings.
    .PARAMETER CustomDetails
        Columns that alerts carry: name of the detail and of the column.
    .PARAMETER AggregationKind
        One alert for all results, or one for each. One of: SingleAlert, AlertPerResult.
    .PARAMETER CreateIncident
        Makes incidents of alerts.
    .PARAMETER GroupingConfigurationEnabled
        Groups alerts into incidents.
    .PARAMETER ReopenClosedIncident
        Opens a closed incident again when an alert fits it.
    .PARAMETER LookbackDuration
        How far back alerts are grouped: 5h or PT5H.
    .PARAMETER EntitiesMatchingMethod
        By what alerts are grouped. One of: AllEntities, AnyAlert, Selected.
    .PARAMETER GroupByEntities
        Entities that alerts are grouped by, with the method Selected.
    .PARAMETER AlertRuleTemplateName
        The template it is made from.
    .PARAMETER TemplateVersion
        Version of that template.
    .PARAMETER ProductFilter
        With MicrosoftSecurityIncidentCreation: the product whose alerts become incidents. One of: Microsoft Cloud App Security, Azure Security Center, Azure Advanced Threat Protection, Azure Active Directory Identity Protection, Azure Security Center for IoT.
    .PARAMETER SeveritiesFilter
        With MicrosoftSecurityIncidentCreation: only alerts of these severities. One of: High, Medium, Low, Informational.
    .PARAMETER DisplayNamesFilter
        With MicrosoftSecurityIncidentCreation: only alerts with these names.
    .PARAMETER Enabled
        Whether the rule runs at once; true unless FromFile says otherwise.
    .PARAMETER RuleId
        The rule's id, a GUID; one is made if there is none.
    .PARAMETER WorkspaceName
        Workspaces: name, resource id or customer id; several, or a pattern such as law-* or *.
    .PARAMETER ResourceGroupName
        Resource group of the workspace, where its name alone is ambiguous.
    .PARAMETER SubscriptionId
        Subscription of the workspace, where its name alone is ambiguous.
    .PARAMETER TenantId
        Tenant of the workspace: id or name.
    .PARAMETER NoCache
        Asks Azure, whatever is in the cache.
    .PARAMETER ShowHeader
        Accepted and without effect, for scripts of the predecessor.
    .PARAMETER PlanDigest
        Digest of a plan that -WhatIf showed: it is done only if it is still that plan.
    .PARAMETER ConfirmName
        Name of what is ended, for what cannot be undone. Without it, it is asked for where somebody can answer.
    .EXAMPLE
        New-AnalyticsRule -WorkspaceName law-contoso -DisplayName 'Many failures' -Severity Medium -Query 'SigninLogs | where ResultType != 0 | summarize c = count() by UserPrincipalName | where c > 50' -QueryFrequency 1h -QueryPeriod 1h -Tactics CredentialAccess -Techniques T1110

        A scheduled rule
    .INPUTS
        Objects with properties that have the names of parameters, such as the rows of other functions.
    .OUTPUTS
        SentinelManager.Outcome: TenantName, WorkspaceName, Action, Name, Id, State, Undo, Journal, Object, Error
    .NOTES
        Needs these actions of Azure: Microsoft.SecurityInsights/alertRules/read, Microsoft.SecurityInsights/alertRules/write
    #>
    [CmdletBinding(PositionalBinding = $false, SupportsShouldProcess, ConfirmImpact = 'Medium')]
    [Alias('new_analyticsrule')]
    [OutputType('SentinelManager.Outcome', 'SentinelManager.Plan')]
    param(
        [Parameter(ValueFromPipelineByPropertyName)]
        [Alias('Name')]
        [string] $DisplayName,

        [Parameter(ValueFromPipelineByPropertyName)]
        [string] $FromFile,

        [Parameter(ValueFromPipelineByPropertyName)]
        [ValidateSet('Scheduled', 'NRT', 'MicrosoftSecurityIncidentCreation', 'Fusion')]
        [string] $Kind = 'Scheduled',

        [Parameter(ValueFromPipelineByPropertyName)]
        [ValidateSet('High', 'Medium', 'Low', 'Informational')]
        [string] $Severity,

        [Parameter(ValueFromPipelineByPropertyName)]
        [string] $Query,

        [Parameter(ValueFromPipelineByPropertyName)]
        [string] $QueryFrequency,

        [Parameter(ValueFromPipelineByPropertyName)]
        [string] $QueryPeriod,

        [Parameter(ValueFromPipelineByPropertyName)]
        [ValidateSet('GreaterThan', 'LessThan', 'Equal', 'NotEqual', 'gt', 'lt', 'eq', 'ne')]
        [string] $TriggerOperator = 'GreaterThan',

        [Parameter(ValueFromPipelineByPropertyName)]
        [ValidateRange([int] 0, [int] 10000)]
        [int] $TriggerThreshold = 0,

        [Parameter()]
        [switch] $SuppressionEnabled,

        [Parameter(ValueFromPipelineByPropertyName)]
        [string] $SuppressionDuration = 'PT5H',

        [Parameter(ValueFromPipelineByPropertyName)]
        [ValidateLength(0, 5000)]
        [string] $Description,

        [Parameter(ValueFromPipelineByPropertyName)]
        [string[]] $Tactics,

        [Parameter(ValueFromPipelineByPropertyName)]
        [string[]] $Techniques,

        [Parameter(ValueFromPipelineByPropertyName)]
        [object[]] $EntityMappings,

        [Parameter(ValueFromPipelineByPropertyName)]
        [object] $CustomDetails,

        [Parameter(ValueFromPipelineByPropertyName)]
        [ValidateSet('SingleAlert', 'AlertPerResult')]
        [string] $AggregationKind,

        [Parameter(ValueFromPipelineByPropertyName)]
        [bool] $CreateIncident,

        [Parameter(ValueFromPipelineByPropertyName)]
        [bool] $GroupingConfigurationEnabled,

        [Parameter(ValueFromPipelineByPropertyName)]
        [bool] $ReopenClosedIncident,

        [Parameter(ValueFromPipelineByPropertyName)]
        [string] $LookbackDuration,

        [Parameter(ValueFromPipelineByPropertyName)]
        [ValidateSet('AllEntities', 'AnyAlert', 'Selected')]
        [string] $EntitiesMatchingMethod,

        [Parameter(ValueFromPipelineByPropertyName)]
        [string[]] $GroupByEntities,

        [Parameter(ValueFromPipelineByPropertyName)]
        [string] $AlertRuleTemplateName,

        [Parameter(ValueFromPipelineByPropertyName)]
        [string] $TemplateVersion,

        [Parameter(ValueFromPipelineByPropertyName)]
        [ValidateSet('Microsoft Cloud App Security', 'Azure Security Center', 'Azure Advanced Threat Protection', 'Azure Active Directory Identity Protection', 'Azure Security Center for IoT')]
        [string] $ProductFilter,

        [Parameter(ValueFromPipelineByPropertyName)]
        [ValidateSet('High', 'Medium', 'Low', 'Informational')]
        [string[]] $SeveritiesFilter,

        [Parameter(ValueFromPipelineByPropertyName)]
        [string[]] $DisplayNamesFilter,

        [Parameter(ValueFromPipelineByPropertyName)]
        [bool] $Enabled,

        [Parameter(ValueFromPipelineByPropertyName)]
        [ValidatePattern('^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$|^BuiltInFusion$', Options = 'None')]
        [string] $RuleId,

        [Parameter(ValueFromPipelineByPropertyName)]
        [Alias('Workspace')]
        [SupportsWildcards()]
        [string[]] $WorkspaceName,

        [Parameter(ValueFromPipelineByPropertyName)]
        [Alias('ResourceGroup')]
        [string] $ResourceGroupName,

        [Parameter(ValueFromPipelineByPropertyName)]
        [string] $SubscriptionId,

        [Parameter(ValueFromPipelineByPropertyName)]
        [Alias('TenantName')]
        [string] $TenantId,

        [Parameter()]
        [switch] $NoCache,

        [Parameter(DontShow)]
        [bool] $ShowHeader,

        [Parameter()]
        [string] $PlanDigest,

        [Parameter()]
        [string] $ConfirmName
    )
    begin {
        $given = [string[]] $PSBoundParameters.Keys
    }
    process { WriteOperation 'New-AnalyticsRule' $PSCmdlet $PSBoundParameters $given $_ }
}

function Get-SentinelIncidents {
    <#
    .SYNOPSIS
        Lists incidents, the newest first.
    .DESCRIPTION
        Lists incidents, the newest first.
    .PARAMETER Status
        Only incidents of these states. One of: New, Active, Closed.
    .PARAMETER Severity
        Only incidents of these severities. One of: High, Medium, Low, Informational.
    .PARAMETER Title
        Only incidents whose titles contain this text.
    .PARAMETER Owner
        Only incidents of this owner: user principal name, or none.
    .PARAMETER IncidentNumber
        Only incidents with these numbers.
    .PARAMETER CreatedAfter
        Only incidents created after this: a time, a date, or how long ago (24h, 7d).
    .PARAMETER CreatedBefore
        Only incidents created before this.
    .PARAMETER ModifiedAfter
        Only incidents changed after this.
    .PARAMETER Label
        Only incidents with one of these labels.
    .PARAMETER Top
        How many at most, of each workspace; 0 for all; 50 if it is not given.
    .PARAMETER OrderBy
        By what they are ordered; 'CreatedTime' if it is not given. One of: CreatedTime, LastModified, Severity, Number.
    .PARAMETER Ascending
        The oldest, lowest or least first.
    .PARAMETER Filter
        A filter in OData, beside the others.
    .PARAMETER WorkspaceName
        Workspaces: name, resource id or customer id; several, or a pattern such as law-* or *.
    .PARAMETER ResourceGroupName
        Resource group of the workspace, where its name alone is ambiguous.
    .PARAMETER SubscriptionId
        Subscription of the workspace, where its name alone is ambiguous.
    .PARAMETER TenantId
        Tenant of the workspace: id or name.
    .PARAMETER TenantFilter
        Regular expression over names and ids of tenants; without WorkspaceName, all of their workspaces are meant.
    .PARAMETER Raw
        Answers the objects as Azure has them.
    .PARAMETER NoCache
        Asks Azure, whatever is in the cache.
    .PARAMETER ShowHeader
        Accepted and without effect, for scripts of the predecessor.
    .EXAMPLE
        Get-SentinelIncidents -WorkspaceName * -Status New -Severity High

        New incidents of high severity, anywhere
    .EXAMPLE
        Get-SentinelIncidents -WorkspaceName law-contoso -Status New -Title 'test' | Close-SentinelIncident -Classification BenignPositive -WhatIf

        Close the harmless ones
    .INPUTS
        Objects with properties that have the names of parameters, such as the rows of other functions.
    .OUTPUTS
        SentinelManager.SentinelIncidents: IncidentNumber, Title, Severity, Status, Owner, CreatedTimeUtc, LastModifiedTimeUtc, Labels, Tactics, AlertsCount, CommentsCount, Classification, ClassificationReason, ProviderName, IncidentUrl, IncidentId, Etag, Id, TenantName, WorkspaceName
    .NOTES
        Needs these actions of Azure: Microsoft.SecurityInsights/incidents/read
    #>
    [CmdletBinding(PositionalBinding = $false)]
    [Alias('get_sentinelincidents')]
    [OutputType('SentinelManager.SentinelIncidents')]
    param(
        [Parameter()]
        [ValidateSet('New', 'Active', 'Closed')]
        [string[]] $Status,

        [Parameter()]
        [ValidateSet('High', 'Medium', 'Low', 'Informational')]
        [string[]] $Severity,

        [Parameter()]
        [string] $Title,

        [Parameter()]
        [string] $Owner,

        [Parameter(ValueFromPipelineByPropertyName)]
        [int[]] $IncidentNumber,

        [Parameter()]
        [string] $CreatedAfter,

        [Parameter()]
        [string] $CreatedBefore,

        [Parameter()]
        [string] $ModifiedAfter,

        [Parameter()]
        [string[]] $Label,

        [Parameter()]
        [ValidateRange([int] 0, [int] 1000000)]
        [int] $Top = 50,

        [Parameter()]
        [ValidateSet('CreatedTime', 'LastModified', 'Severity', 'Number')]
        [string] $OrderBy = 'CreatedTime',

        [Parameter()]
        [switch] $Ascending,

        [Parameter()]
        [string] $Filter,

        [Parameter(ValueFromPipelineByPropertyName)]
        [Alias('Workspace')]
        [SupportsWildcards()]
        [string[]] $WorkspaceName,

        [Parameter(ValueFromPipelineByPropertyName)]
        [Alias('ResourceGroup')]
        [string] $ResourceGroupName,

        [Parameter(ValueFromPipelineByPropertyName)]
        [string] $SubscriptionId,

        [Parameter(ValueFromPipelineByPropertyName)]
        [Alias('TenantName')]
        [string] $TenantId,

        [Parameter()]
        [string] $TenantFilter,

        [Parameter()]
        [switch] $Raw,

        [Parameter()]
        [switch] $NoCache,

        [Parameter(DontShow)]
        [bool] $ShowHeader
    )
    begin {
        $given = [string[]] $PSBoundParameters.Keys
    }
    process {
        if (-not $script:callable -or $PSCmdlet.MyInvocation.ExpectingInput -or $Raw) {
            ReadOperation 'Get-SentinelIncidents' 'SentinelManager.SentinelIncidents' $PSCmdlet $PSBoundParameters $given $_
        }
        else {
            $order = @{ operation = 'Get-SentinelIncidents'; step = 'read'; arguments = $PSBoundParameters }
            Invoke-HostFunction sentinel $order -Caller $PSCmdlet -TypeName 'SentinelManager.SentinelIncidents' -Library $script:library
        }
    }
}

function Show-IncidentDetails {
    <#
    .SYNOPSIS
        Shows an incident with its alerts, entities, comments, bookmarks and tasks.
    .DESCRIPTION
        Shows an incident with its alerts, entities, comments, bookmarks and tasks.
    .PARAMETER IncidentId
        The incident's id.
    .PARAMETER IncidentNumber
        The incident's number.
    .PARAMETER Include
        What is shown beside the incident; everything if nothing is named. One of: Alerts, Entities, Comments, Bookmarks, Tasks.
    .PARAMETER WorkspaceName
        Workspaces: name, resource id or customer id; several, or a pattern such as law-* or *.
    .PARAMETER ResourceGroupName
        Resource group of the workspace, where its name alone is ambiguous.
    .PARAMETER SubscriptionId
        Subscription of the workspace, where its name alone is ambiguous.
    .PARAMETER TenantId
        Tenant of the workspace: id or name.
    .PARAMETER TenantFilter
        Regular expression over names and ids of tenants; without WorkspaceName, all of their workspaces are meant.
    .PARAMETER Raw
        Answers the objects as Azure has them.
    .PARAMETER NoCache
        Asks Azure, whatever is in the cache.
    .PARAMETER ShowHeader
        Accepted and without effect, for scripts of the predecessor.
    .EXAMPLE
        Show-IncidentDetails -WorkspaceName law-contoso -IncidentNumber 3177

        By number
    .INPUTS
        Objects with properties that have the names of parameters, such as the rows of other functions.
    .OUTPUTS
        SentinelManager.IncidentDetails: IncidentNumber, Title, Severity, Status, Owner, CreatedTimeUtc, LastModifiedTimeUtc, Labels, Tactics, AlertsCount, CommentsCount, Classification, ClassificationReason, ProviderName, IncidentUrl, IncidentId, Etag, Id, Description, RelatedAnalyticRuleIds, Alerts, Entities, Comments, Bookmarks, Tasks, Unavailable, TenantName, WorkspaceName
    .NOTES
        Needs these actions of Azure: Microsoft.SecurityInsights/incidents/read
    #>
    [CmdletBinding(PositionalBinding = $false)]
    [Alias('show_incidentdetails')]
    [OutputType('SentinelManager.IncidentDetails')]
    param(
        [Parameter(ValueFromPipelineByPropertyName)]
        [Alias('Id')]
        [string] $IncidentId,

        [Parameter(ValueFromPipelineByPropertyName)]
        [Alias('Number')]
        [int] $IncidentNumber,

        [Parameter()]
        [ValidateSet('Alerts', 'Entities', 'Comments', 'Bookmarks', 'Tasks')]
        [string[]] $Include,

        [Parameter(ValueFromPipelineByPropertyName)]
        [Alias('Workspace')]
        [SupportsWildcards()]
        [string[]] $WorkspaceName,

        [Parameter(ValueFromPipelineByPropertyName)]
        [Alias('ResourceGroup')]
        [string] $ResourceGroupName,

        [Parameter(ValueFromPipelineByPropertyName)]
        [string] $SubscriptionId,

        [Parameter(ValueFromPipelineByPropertyName)]
        [Alias('TenantName')]
        [string] $TenantId,

        [Parameter()]
        [string] $TenantFilter,

        [Parameter()]
        [switch] $Raw,

        [Parameter()]
        [switch] $NoCache,

        [Parameter(DontShow)]
        [bool] $ShowHeader
    )
    begin {
        $given = [string[]] $PSBoundParameters.Keys
    }
    process {
        if (-not $script:callable -or $PSCmdlet.MyInvocation.ExpectingInput -or $Raw) {
            ReadOperation 'Show-IncidentDetails' 'SentinelManager.IncidentDetails' $PSCmdlet $PSBoundParameters $given $_
        }
        else {
            $order = @{ operation = 'Show-IncidentDetails'; step = 'read'; arguments = $PSBoundParameters }
            Invoke-HostFunction sentinel $order -Caller $PSCmdlet -TypeName 'SentinelManager.IncidentDetails' -Library $script:library
        }
    }
}

function Close-SentinelIncident {
    <#
    .SYNOPSIS
        Closes incidents with a classification.
    .DESCRIPTION
        Closes incidents with a classification. It can be undone exactly. It is planned first; -WhatIf shows the plan and does nothing.
    .PARAMETER IncidentId
        Ids of incidents.
    .PARAMETER IncidentNumber
        Numbers of incidents.
    .PARAMETER Classification
        What it turned out to be. One of: Undetermined, TruePositive, BenignPositive, FalsePositive.
    .PARAMETER ClassificationReason
        Why; it follows from the classification unless it is a false positive. One of: SuspiciousActivity, SuspiciousButExpected, IncorrectAlertLogic, InaccurateData.
    .PARAMETER Comment
        A comment on the classification.
    .PARAMETER Force
        Closes incidents that are closed already anew.
    .PARAMETER WorkspaceName
        Workspaces: name, resource id or customer id; several, or a pattern such as law-* or *.
    .PARAMETER ResourceGroupName
        Resource group of the workspace, where its name alone is ambiguous.
    .PARAMETER SubscriptionId
        Subscription of the workspace, where its name alone is ambiguous.
    .PARAMETER TenantId
        Tenant of the workspace: id or name.
    .PARAMETER NoCache
        Asks Azure, whatever is in the cache.
    .PARAMETER ShowHeader
        Accepted and without effect, for scripts of the predecessor.
    .PARAMETER PlanDigest
        Digest of a plan that -WhatIf showed: it is done only if it is still that plan.
    .PARAMETER ConfirmName
        Name of what is ended, for what cannot be undone. Without it, it is asked for where somebody can answer.
    .EXAMPLE
        Close-SentinelIncident -WorkspaceName law-contoso -IncidentNumber 3177 -Classification FalsePositive -ClassificationReason IncorrectAlertLogic -Comment 'known scanner'

        A false alarm
    .INPUTS
        Objects with properties that have the names of parameters, such as the rows of other functions.
    .OUTPUTS
        SentinelManager.Outcome: TenantName, WorkspaceName, Action, Name, Id, State, Undo, Journal, Object, Error
    .NOTES
        Needs these actions of Azure: Microsoft.SecurityInsights/incidents/read, Microsoft.SecurityInsights/incidents/write
    #>
    [CmdletBinding(PositionalBinding = $false, SupportsShouldProcess, ConfirmImpact = 'Medium')]
    [Alias('close_sentinelincident')]
    [OutputType('SentinelManager.Outcome', 'SentinelManager.Plan')]
    param(
        [Parameter(ValueFromPipelineByPropertyName)]
        [Alias('Id')]
        [string[]] $IncidentId,

        [Parameter(ValueFromPipelineByPropertyName)]
        [Alias('Number')]
        [int[]] $IncidentNumber,

        [Parameter(Mandatory, Position = 0)]
        [ValidateSet('Undetermined', 'TruePositive', 'BenignPositive', 'FalsePositive')]
        [string] $Classification,

        [Parameter()]
        [ValidateSet('SuspiciousActivity', 'SuspiciousButExpected', 'IncorrectAlertLogic', 'InaccurateData')]
        [string] $ClassificationReason,

        [Parameter()]
        [string] $Comment,

        [Parameter()]
        [switch] $Force,

        [Parameter(ValueFromPipelineByPropertyName)]
        [Alias('Workspace')]
        [SupportsWildcards()]
        [string[]] $WorkspaceName,

        [Parameter(ValueFromPipelineByPropertyName)]
        [Alias('ResourceGroup')]
        [string] $ResourceGroupName,

        [Parameter(ValueFromPipelineByPropertyName)]
        [string] $SubscriptionId,

        [Parameter(ValueFromPipelineByPropertyName)]
        [Alias('TenantName')]
        [string] $TenantId,

        [Parameter()]
        [switch] $NoCache,

        [Parameter(DontShow)]
        [bool] $ShowHeader,

        [Parameter()]
        [string] $PlanDigest,

        [Parameter()]
        [string] $ConfirmName
    )
    begin {
        $given = [string[]] $PSBoundParameters.Keys
        if ($Force -and -not $PSBoundParameters.ContainsKey('Confirm')) { $ConfirmPreference = 'None' }
    }
    process { WriteOperation 'Close-SentinelIncident' $PSCmdlet $PSBoundParameters $given $_ }
}

function Set-IncidentOwner {
    <#
    .SYNOPSIS
        Gives incidents an owner, or takes it away.
    .DESCRIPTION
        Gives incidents an owner, or takes it away. It can be undone exactly. It is planned first; -WhatIf shows the plan and does nothing.
    .PARAMETER IncidentId
        Ids of incidents.
    .PARAMETER IncidentNumber
        Numbers of incidents.
    .PARAMETER OwnerUpn
        The owner's user principal name.
    .PARAMETER OwnerObjectId
        The owner's object id.
    .PARAMETER OwnerEmail
        The owner's mail address.
    .PARAMETER AssignedTo
        The owner's name, as it is shown.
    .PARAMETER Unassign
        Takes the owner away.
    .PARAMETER SetActive
        Makes new incidents active.
    .PARAMETER WorkspaceName
        Workspaces: name, resource id or customer id; several, or a pattern such as law-* or *.
    .PARAMETER ResourceGroupName
        Resource group of the workspace, where its name alone is ambiguous.
    .PARAMETER SubscriptionId
        Subscription of the workspace, where its name alone is ambiguous.
    .PARAMETER TenantId
        Tenant of the workspace: id or name.
    .PARAMETER NoCache
        Asks Azure, whatever is in the cache.
    .PARAMETER ShowHeader
        Accepted and without effect, for scripts of the predecessor.
    .PARAMETER PlanDigest
        Digest of a plan that -WhatIf showed: it is done only if it is still that plan.
    .PARAMETER ConfirmName
        Name of what is ended, for what cannot be undone. Without it, it is asked for where somebody can answer.
    .EXAMPLE
        Assign-IncidentOwner -WorkspaceName law-contoso -IncidentNumber 3177 -OwnerUpn anna@contoso.com -SetActive

        Take an incident
    .INPUTS
        Objects with properties that have the names of parameters, such as the rows of other functions.
    .OUTPUTS
        SentinelManager.Outcome: TenantName, WorkspaceName, Action, Name, Id, State, Undo, Journal, Object, Error
    .NOTES
        Needs these actions of Azure: Microsoft.SecurityInsights/incidents/read, Microsoft.SecurityInsights/incidents/write
    #>
    [CmdletBinding(PositionalBinding = $false, SupportsShouldProcess, ConfirmImpact = 'Medium')]
    [Alias('Assign-IncidentOwner', 'assign_incidentowner')]
    [OutputType('SentinelManager.Outcome', 'SentinelManager.Plan')]
    param(
        [Parameter(ValueFromPipelineByPropertyName)]
        [Alias('Id')]
        [string[]] $IncidentId,

        [Parameter(ValueFromPipelineByPropertyName)]
        [Alias('Number')]
        [int[]] $IncidentNumber,

        [Parameter()]
        [string] $OwnerUpn,

        [Parameter(ValueFromPipelineByPropertyName)]
        [string] $OwnerObjectId,

        [Parameter()]
        [string] $OwnerEmail,

        [Parameter()]
        [string] $AssignedTo,

        [Parameter()]
        [switch] $Unassign,

        [Parameter()]
        [switch] $SetActive,

        [Parameter(ValueFromPipelineByPropertyName)]
        [Alias('Workspace')]
        [SupportsWildcards()]
        [string[]] $WorkspaceName,

        [Parameter(ValueFromPipelineByPropertyName)]
        [Alias('ResourceGroup')]
        [string] $ResourceGroupName,

        [Parameter(ValueFromPipelineByPropertyName)]
        [string] $SubscriptionId,

        [Parameter(ValueFromPipelineByPropertyName)]
        [Alias('TenantName')]
        [string] $TenantId,

        [Parameter()]
        [switch] $NoCache,

        [Parameter(DontShow)]
        [bool] $ShowHeader,

        [Parameter()]
        [string] $PlanDigest,

        [Parameter()]
        [string] $ConfirmName
    )
    begin {
        $given = [string[]] $PSBoundParameters.Keys
    }
    process { WriteOperation 'Assign-IncidentOwner' $PSCmdlet $PSBoundParameters $given $_ }
}

function Add-IncidentComment {
    <#
    .SYNOPSIS
        Adds a comment to an incident.
    .DESCRIPTION
        Adds a comment to an incident. It can be undone exactly. It is planned first; -WhatIf shows the plan and does nothing.
    .PARAMETER IncidentId
        The incident's id.
    .PARAMETER IncidentNumber
        The incident's number.
    .PARAMETER Message
        The comment.
    .PARAMETER CommentId
        The comment's id, a GUID; the same id twice is one comment.
    .PARAMETER WorkspaceName
        Workspaces: name, resource id or customer id; several, or a pattern such as law-* or *.
    .PARAMETER ResourceGroupName
        Resource group of the workspace, where its name alone is ambiguous.
    .PARAMETER SubscriptionId
        Subscription of the workspace, where its name alone is ambiguous.
    .PARAMETER TenantId
        Tenant of the workspace: id or name.
    .PARAMETER NoCache
        Asks Azure, whatever is in the cache.
    .PARAMETER ShowHeader
        Accepted and without effect, for scripts of the predecessor.
    .PARAMETER PlanDigest
        Digest of a plan that -WhatIf showed: it is done only if it is still that plan.
    .PARAMETER ConfirmName
        Name of what is ended, for what cannot be undone. Without it, it is asked for where somebody can answer.
    .EXAMPLE
        Add-IncidentComment -WorkspaceName law-contoso -IncidentNumber 3177 -Message 'Checked, known scanner'

        A comment
    .INPUTS
        Objects with properties that have the names of parameters, such as the rows of other functions.
    .OUTPUTS
        SentinelManager.Outcome: TenantName, WorkspaceName, Action, Name, Id, State, Undo, Journal, Object, Error
    .NOTES
        Needs these actions of Azure: Microsoft.SecurityInsights/incidents/read, Microsoft.SecurityInsights/incidents/comments/write
    #>
    [CmdletBinding(PositionalBinding = $false, SupportsShouldProcess, ConfirmImpact = 'Medium')]
    [Alias('add_incidentcomment')]
    [OutputType('SentinelManager.Outcome', 'SentinelManager.Plan')]
    param(
        [Parameter(ValueFromPipelineByPropertyName)]
        [Alias('Id')]
        [string] $IncidentId,

        [Parameter(ValueFromPipelineByPropertyName)]
        [Alias('Number')]
        [int] $IncidentNumber,

        [Parameter(Mandatory, Position = 0)]
        [Alias('Comment')]
        [ValidateLength(1, 30000)]
        [string] $Message,

        [Parameter(ValueFromPipelineByPropertyName)]
        [ValidatePattern('^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$', Options = 'None')]
        [string] $CommentId,

        [Parameter(ValueFromPipelineByPropertyName)]
        [Alias('Workspace')]
        [SupportsWildcards()]
        [string[]] $WorkspaceName,

        [Parameter(ValueFromPipelineByPropertyName)]
        [Alias('ResourceGroup')]
        [string] $ResourceGroupName,

        [Parameter(ValueFromPipelineByPropertyName)]
        [string] $SubscriptionId,

        [Parameter(ValueFromPipelineByPropertyName)]
        [Alias('TenantName')]
        [string] $TenantId,

        [Parameter()]
        [switch] $NoCache,

        [Parameter(DontShow)]
        [bool] $ShowHeader,

        [Parameter()]
        [string] $PlanDigest,

        [Parameter()]
        [string] $ConfirmName
    )
    begin {
        $given = [string[]] $PSBoundParameters.Keys
    }
    process { WriteOperation 'Add-IncidentComment' $PSCmdlet $PSBoundParameters $given $_ }
}

function Get-IncidentComments {
    <#
    .SYNOPSIS
        Lists the comments of an incident.
    .DESCRIPTION
        Lists the comments of an incident.
    .PARAMETER IncidentId
        The incident's id.
    .PARAMETER IncidentNumber
        The incident's number.
    .PARAMETER Top
        How many at most.
    .PARAMETER WorkspaceName
        Workspaces: name, resource id or customer id; several, or a pattern such as law-* or *.
    .PARAMETER ResourceGroupName
        Resource group of the workspace, where its name alone is ambiguous.
    .PARAMETER SubscriptionId
        Subscription of the workspace, where its name alone is ambiguous.
    .PARAMETER TenantId
        Tenant of the workspace: id or name.
    .PARAMETER TenantFilter
        Regular expression over names and ids of tenants; without WorkspaceName, all of their workspaces are meant.
    .PARAMETER Raw
        Answers the objects as Azure has them.
    .PARAMETER NoCache
        Asks Azure, whatever is in the cache.
    .PARAMETER ShowHeader
        Accepted and without effect, for scripts of the predecessor.
    .EXAMPLE
        Get-IncidentComments -WorkspaceName law-contoso -IncidentNumber 3177

        All of them
    .INPUTS
        Objects with properties that have the names of parameters, such as the rows of other functions.
    .OUTPUTS
        SentinelManager.IncidentComments: CreatedTimeUtc, Author, Message, CommentId, Etag, Id, TenantName, WorkspaceName
    .NOTES
        Needs these actions of Azure: Microsoft.SecurityInsights/incidents/read, Microsoft.SecurityInsights/incidents/comments/read
    #>
    [CmdletBinding(PositionalBinding = $false)]
    [Alias('get_incidentcomments')]
    [OutputType('SentinelManager.IncidentComments')]
    param(
        [Parameter(ValueFromPipelineByPropertyName)]
        [Alias('Id')]
        [string] $IncidentId,

        [Parameter(ValueFromPipelineByPropertyName)]
        [Alias('Number')]
        [int] $IncidentNumber,

        [Parameter()]
        [ValidateRange([int] 1, [int] 100)]
        [int] $Top,

        [Parameter(ValueFromPipelineByPropertyName)]
        [Alias('Workspace')]
        [SupportsWildcards()]
        [string[]] $WorkspaceName,

        [Parameter(ValueFromPipelineByPropertyName)]
        [Alias('ResourceGroup')]
        [string] $ResourceGroupName,

        [Parameter(ValueFromPipelineByPropertyName)]
        [string] $SubscriptionId,

        [Parameter(ValueFromPipelineByPropertyName)]
        [Alias('TenantName')]
        [string] $TenantId,

        [Parameter()]
        [string] $TenantFilter,

        [Parameter()]
        [switch] $Raw,

        [Parameter()]
        [switch] $NoCache,

        [Parameter(DontShow)]
        [bool] $ShowHeader
    )
    begin {
        $given = [string[]] $PSBoundParameters.Keys
    }
    process {
        if (-not $script:callable -or $PSCmdlet.MyInvocation.ExpectingInput -or $Raw) {
            ReadOperation 'Get-IncidentComments' 'SentinelManager.IncidentComments' $PSCmdlet $PSBoundParameters $given $_
        }
        else {
            $order = @{ operation = 'Get-IncidentComments'; step = 'read'; arguments = $PSBoundParameters }
            Invoke-HostFunction sentinel $order -Caller $PSCmdlet -TypeName 'SentinelManager.IncidentComments' -Library $script:library
        }
    }
}

function Invoke-SentinelQuery {
    <#
    .SYNOPSIS
        Runs a KQL query in one or more workspaces; each row says which workspace it is of.
    .DESCRIPTION
        Runs a KQL query in one or more workspaces; each row says which workspace it is of. Queries of an identity run five at once, 200 in 30 seconds. Tables of plan Basic and Auxiliary are read with Search.
    .PARAMETER Query
        The query, in KQL.
    .PARAMETER HuntingQuery
        Name of a saved or hunting query of the workspace, instead of Query.
    .PARAMETER TimeRange
        The time it covers: 24h, 7d, PT1H; 24h unless From says otherwise.
    .PARAMETER From
        The time it begins at: a time, a date, or how long ago.
    .PARAMETER To
        The time it ends at; now if it is not given.
    .PARAMETER MaxRows
        Rows of each workspace at most; the rest is left out.
    .PARAMETER Search
        Reads a table of plan Basic or Auxiliary.
    .PARAMETER WorkspaceName
        Workspaces: name, resource id or customer id; several, or a pattern such as law-* or *.
    .PARAMETER ResourceGroupName
        Resource group of the workspace, where its name alone is ambiguous.
    .PARAMETER SubscriptionId
        Subscription of the workspace, where its name alone is ambiguous.
    .PARAMETER TenantId
        Tenant of the workspace: id or name.
    .PARAMETER TenantFilter
        Regular expression over names and ids of tenants; without WorkspaceName, all of their workspaces are meant.
    .PARAMETER Raw
        Answers the objects as Azure has them.
    .PARAMETER NoCache
        Asks Azure, whatever is in the cache.
    .PARAMETER ShowHeader
        Accepted and without effect, for scripts of the predecessor.
    .EXAMPLE
        Invoke-SentinelQuery -WorkspaceName law-* -Query 'SigninLogs | where ResultType != 0 | summarize count()' -TimeRange 24h

        Failed sign-ins by customer
    .EXAMPLE
        Invoke-SentinelQuery -WorkspaceName law-contoso -HuntingQuery 'Rare processes'

        A hunting query by its name
    .INPUTS
        Objects with properties that have the names of parameters, such as the rows of other functions.
    .OUTPUTS
        SentinelManager.SentinelQuery: TenantName, WorkspaceName
    .NOTES
        Needs these actions of Azure: Microsoft.OperationalInsights/workspaces/query/read
    #>
    [CmdletBinding(PositionalBinding = $false)]
    [OutputType('SentinelManager.SentinelQuery')]
    param(
        [Parameter()]
        [string] $Query,

        [Parameter()]
        [Alias('SavedQuery')]
        [string] $HuntingQuery,

        [Parameter()]
        [Alias('TimeSpan')]
        [string] $TimeRange,

        [Parameter()]
        [string] $From,

        [Parameter()]
        [string] $To,

        [Parameter()]
        [ValidateRange([int] 1, [int] 500000)]
        [int] $MaxRows,

        [Parameter()]
        [switch] $Search,

        [Parameter(ValueFromPipelineByPropertyName)]
        [Alias('Workspace')]
        [SupportsWildcards()]
        [string[]] $WorkspaceName,

        [Parameter(ValueFromPipelineByPropertyName)]
        [Alias('ResourceGroup')]
        [string] $ResourceGroupName,

        [Parameter(ValueFromPipelineByPropertyName)]
        [string] $SubscriptionId,

        [Parameter(ValueFromPipelineByPropertyName)]
        [Alias('TenantName')]
        [string] $TenantId,

        [Parameter()]
        [string] $TenantFilter,

        [Parameter()]
        [switch] $Raw,

        [Parameter()]
        [switch] $NoCache,

        [Parameter(DontShow)]
        [bool] $ShowHeader
    )
    begin {
        $given = [string[]] $PSBoundParameters.Keys
    }
    process {
        if (-not $script:callable -or $PSCmdlet.MyInvocation.ExpectingInput -or $Raw) {
            ReadOperation 'Invoke-SentinelQuery' 'SentinelManager.SentinelQuery' $PSCmdlet $PSBoundParameters $given $_
        }
        else {
            $order = @{ operation = 'Invoke-SentinelQuery'; step = 'read'; arguments = $PSBoundParameters }
            Invoke-HostFunction sentinel $order -Caller $PSCmdlet -TypeName 'SentinelManager.SentinelQuery' -Library $script:library
        }
    }
}

function Get-SentinelWorkbooks {
    <#
    .SYNOPSIS
        Lists the workbooks of Sentinel that are saved for a workspace.
    .DESCRIPTION
        Lists the workbooks of Sentinel that are saved for a workspace.
    .PARAMETER DisplayName
        Only workbooks whose names fit this pattern (* and ?).
    .PARAMETER AllSources
        Those of other workspaces in the same resource group too.
    .PARAMETER WorkspaceName
        Workspaces: name, resource id or customer id; several, or a pattern such as law-* or *.
    .PARAMETER ResourceGroupName
        Resource group of the workspace, where its name alone is ambiguous.
    .PARAMETER SubscriptionId
        Subscription of the workspace, where its name alone is ambiguous.
    .PARAMETER TenantId
        Tenant of the workspace: id or name.
    .PARAMETER TenantFilter
        Regular expression over names and ids of tenants; without WorkspaceName, all of their workspaces are meant.
    .PARAMETER Raw
        Answers the objects as Azure has them.
    .PARAMETER NoCache
        Asks Azure, whatever is in the cache.
    .PARAMETER ShowHeader
        Accepted and without effect, for scripts of the predecessor.
    .EXAMPLE
        Get-SentinelWorkbooks -WorkspaceName law-contoso

        All of them
    .INPUTS
        Objects with properties that have the names of parameters, such as the rows of other functions.
    .OUTPUTS
        SentinelManager.SentinelWorkbooks: DisplayName, Description, SourceId, TimeModified, Location, WorkbookId, Etag, Id, TenantName, WorkspaceName
    .NOTES
        Needs these actions of Azure: Microsoft.Insights/workbooks/read
    #>
    [CmdletBinding(PositionalBinding = $false)]
    [Alias('get_sentinelworkbooks')]
    [OutputType('SentinelManager.SentinelWorkbooks')]
    param(
        [Parameter(ValueFromPipelineByPropertyName)]
        [Alias('Name')]
        [string] $DisplayName,

        [Parameter()]
        [switch] $AllSources,

        [Parameter(ValueFromPipelineByPropertyName)]
        [Alias('Workspace')]
        [SupportsWildcards()]
        [string[]] $WorkspaceName,

        [Parameter(ValueFromPipelineByPropertyName)]
        [Alias('ResourceGroup')]
        [string] $ResourceGroupName,

        [Parameter(ValueFromPipelineByPropertyName)]
        [string] $SubscriptionId,

        [Parameter(ValueFromPipelineByPropertyName)]
        [Alias('TenantName')]
        [string] $TenantId,

        [Parameter()]
        [string] $TenantFilter,

        [Parameter()]
        [switch] $Raw,

        [Parameter()]
        [switch] $NoCache,

        [Parameter(DontShow)]
        [bool] $ShowHeader
    )
    begin {
        $given = [string[]] $PSBoundParameters.Keys
    }
    process {
        if (-not $script:callable -or $PSCmdlet.MyInvocation.ExpectingInput -or $Raw) {
            ReadOperation 'Get-SentinelWorkbooks' 'SentinelManager.SentinelWorkbooks' $PSCmdlet $PSBoundParameters $given $_
        }
        else {
            $order = @{ operation = 'Get-SentinelWorkbooks'; step = 'read'; arguments = $PSBoundParameters }
            Invoke-HostFunction sentinel $order -Caller $PSCmdlet -TypeName 'SentinelManager.SentinelWorkbooks' -Library $script:library
        }
    }
}

function Get-WorkbookDetails {
    <#
    .SYNOPSIS
        Shows a workbook: the tables it queries, the resources it names and, if wanted, its content.
    .DESCRIPTION
        Shows a workbook: the tables it queries, the resources it names and, if wanted, its content.
    .PARAMETER WorkbookId
        The workbook's id.
    .PARAMETER DisplayName
        The workbook's name.
    .PARAMETER IncludeContent
        Adds its content.
    .PARAMETER WorkspaceName
        Workspaces: name, resource id or customer id; several, or a pattern such as law-* or *.
    .PARAMETER ResourceGroupName
        Resource group of the workspace, where its name alone is ambiguous.
    .PARAMETER SubscriptionId
        Subscription of the workspace, where its name alone is ambiguous.
    .PARAMETER TenantId
        Tenant of the workspace: id or name.
    .PARAMETER TenantFilter
        Regular expression over names and ids of tenants; without WorkspaceName, all of their workspaces are meant.
    .PARAMETER Raw
        Answers the objects as Azure has them.
    .PARAMETER NoCache
        Asks Azure, whatever is in the cache.
    .PARAMETER ShowHeader
        Accepted and without effect, for scripts of the predecessor.
    .EXAMPLE
        Get-WorkbookDetails -WorkspaceName law-contoso -DisplayName 'SOC overview' -IncludeContent

        With its content
    .INPUTS
        Objects with properties that have the names of parameters, such as the rows of other functions.
    .OUTPUTS
        SentinelManager.WorkbookDetails: DisplayName, Description, SourceId, TimeModified, Location, WorkbookId, Etag, Id, Version, ItemCount, Tables, ResourceIds, Content, TenantName, WorkspaceName
    .NOTES
        Needs these actions of Azure: Microsoft.Insights/workbooks/read
    #>
    [CmdletBinding(PositionalBinding = $false)]
    [Alias('get_workbookdetails')]
    [OutputType('SentinelManager.WorkbookDetails')]
    param(
        [Parameter(ValueFromPipelineByPropertyName)]
        [Alias('Id')]
        [string] $WorkbookId,

        [Parameter(ValueFromPipelineByPropertyName)]
        [Alias('Name')]
        [string] $DisplayName,

        [Parameter()]
        [switch] $IncludeContent,

        [Parameter(ValueFromPipelineByPropertyName)]
        [Alias('Workspace')]
        [SupportsWildcards()]
        [string[]] $WorkspaceName,

        [Parameter(ValueFromPipelineByPropertyName)]
        [Alias('ResourceGroup')]
        [string] $ResourceGroupName,

        [Parameter(ValueFromPipelineByPropertyName)]
        [string] $SubscriptionId,

        [Parameter(ValueFromPipelineByPropertyName)]
        [Alias('TenantName')]
        [string] $TenantId,

        [Parameter()]
        [string] $TenantFilter,

        [Parameter()]
        [switch] $Raw,

        [Parameter()]
        [switch] $NoCache,

        [Parameter(DontShow)]
        [bool] $ShowHeader
    )
    begin {
        $given = [string[]] $PSBoundParameters.Keys
    }
    process {
        if (-not $script:callable -or $PSCmdlet.MyInvocation.ExpectingInput -or $Raw) {
            ReadOperation 'Get-WorkbookDetails' 'SentinelManager.WorkbookDetails' $PSCmdlet $PSBoundParameters $given $_
        }
        else {
            $order = @{ operation = 'Get-WorkbookDetails'; step = 'read'; arguments = $PSBoundParameters }
            Invoke-HostFunction sentinel $order -Caller $PSCmdlet -TypeName 'SentinelManager.WorkbookDetails' -Library $script:library
        }
    }
}

function Remove-SentinelWorkbook {
    <#
    .SYNOPSIS
        Removes a workbook; what it was is kept in the journal and, with BackupPath, in a file.
    .DESCRIPTION
        Removes a workbook; what it was is kept in the journal and, with BackupPath, in a file. Undoing makes it again with its content; its earlier revisions are lost. It can be undone, with traces. It is planned first; -WhatIf shows the plan and does nothing.
    .PARAMETER WorkbookId
        The workbook's id.
    .PARAMETER DisplayName
        The workbook's name.
    .PARAMETER Force
        Does not ask; the plan and its digest are needed all the same.
    .PARAMETER BackupPath
        Folder below that of backups in which it is written to a file first.
    .PARAMETER WorkspaceName
        Workspaces: name, resource id or customer id; several, or a pattern such as law-* or *.
    .PARAMETER ResourceGroupName
        Resource group of the workspace, where its name alone is ambiguous.
    .PARAMETER SubscriptionId
        Subscription of the workspace, where its name alone is ambiguous.
    .PARAMETER TenantId
        Tenant of the workspace: id or name.
    .PARAMETER NoCache
        Asks Azure, whatever is in the cache.
    .PARAMETER ShowHeader
        Accepted and without effect, for scripts of the predecessor.
    .PARAMETER PlanDigest
        Digest of a plan that -WhatIf showed: it is done only if it is still that plan.
    .PARAMETER ConfirmName
        Name of what is ended, for what cannot be undone. Without it, it is asked for where somebody can answer.
    .EXAMPLE
        Remove-SentinelWorkbook -WorkspaceName law-contoso -DisplayName 'SOC overview' -WhatIf

        By name
    .INPUTS
        Objects with properties that have the names of parameters, such as the rows of other functions.
    .OUTPUTS
        SentinelManager.Outcome: TenantName, WorkspaceName, Action, Name, Id, State, Undo, Journal, Object, Error
    .NOTES
        Needs these actions of Azure: Microsoft.Insights/workbooks/read, Microsoft.Insights/workbooks/delete
    #>
    [CmdletBinding(PositionalBinding = $false, SupportsShouldProcess, ConfirmImpact = 'High')]
    [Alias('remove_sentinelworkbook')]
    [OutputType('SentinelManager.Outcome', 'SentinelManager.Plan')]
    param(
        [Parameter(ValueFromPipelineByPropertyName)]
        [Alias('Id')]
        [string] $WorkbookId,

        [Parameter(ValueFromPipelineByPropertyName)]
        [Alias('Name')]
        [string] $DisplayName,

        [Parameter()]
        [switch] $Force,

        [Parameter()]
        [string] $BackupPath,

        [Parameter(ValueFromPipelineByPropertyName)]
        [Alias('Workspace')]
        [SupportsWildcards()]
        [string[]] $WorkspaceName,

        [Parameter(ValueFromPipelineByPropertyName)]
        [Alias('ResourceGroup')]
        [string] $ResourceGroupName,

        [Parameter(ValueFromPipelineByPropertyName)]
        [string] $SubscriptionId,

        [Parameter(ValueFromPipelineByPropertyName)]
        [Alias('TenantName')]
        [string] $TenantId,

        [Parameter()]
        [switch] $NoCache,

        [Parameter(DontShow)]
        [bool] $ShowHeader,

        [Parameter()]
        [string] $PlanDigest,

        [Parameter()]
        [string] $ConfirmName
    )
    begin {
        $given = [string[]] $PSBoundParameters.Keys
        if ($Force -and -not $PSBoundParameters.ContainsKey('Confirm')) { $ConfirmPreference = 'None' }
    }
    process { WriteOperation 'Remove-SentinelWorkbook' $PSCmdlet $PSBoundParameters $given $_ }
}

function Export-SentinelWorkbook {
    <#
    .SYNOPSIS
        Writes a workbook to a file.
    .DESCRIPTION
        Writes a workbook to a file.
    .PARAMETER WorkbookId
        The workbook's id.
    .PARAMETER DisplayName
        The workbook's name.
    .PARAMETER BackupPath
        Folder below that of backups.
    .PARAMETER Format
        The content for the gallery, a template that can be deployed, or the object as Azure has it; 'Gallery' if it is not given. One of: Gallery, ArmTemplate, Raw.
    .PARAMETER Force
        Replaces files that are there.
    .PARAMETER Timestamped
        Makes a folder named after the time.
    .PARAMETER WorkspaceName
        Workspaces: name, resource id or customer id; several, or a pattern such as law-* or *.
    .PARAMETER ResourceGroupName
        Resource group of the workspace, where its name alone is ambiguous.
    .PARAMETER SubscriptionId
        Subscription of the workspace, where its name alone is ambiguous.
    .PARAMETER TenantId
        Tenant of the workspace: id or name.
    .PARAMETER TenantFilter
        Regular expression over names and ids of tenants; without WorkspaceName, all of their workspaces are meant.
    .PARAMETER Raw
        Answers the objects as Azure has them.
    .PARAMETER NoCache
        Asks Azure, whatever is in the cache.
    .PARAMETER ShowHeader
        Accepted and without effect, for scripts of the predecessor.
    .EXAMPLE
        Export-SentinelWorkbook -WorkspaceName law-contoso -DisplayName 'SOC overview' -BackupPath workbooks

        As a gallery template
    .INPUTS
        Objects with properties that have the names of parameters, such as the rows of other functions.
    .OUTPUTS
        SentinelManager.ExportedFile: Name, Kind, File, Bytes, Sha256, TenantName, WorkspaceName
    .NOTES
        Needs these actions of Azure: Microsoft.Insights/workbooks/read
    #>
    [CmdletBinding(PositionalBinding = $false)]
    [Alias('export_sentinelworkbook')]
    [OutputType('SentinelManager.ExportedFile')]
    param(
        [Parameter(ValueFromPipelineByPropertyName)]
        [Alias('Id')]
        [string] $WorkbookId,

        [Parameter(ValueFromPipelineByPropertyName)]
        [Alias('Name')]
        [string] $DisplayName,

        [Parameter(Mandatory, Position = 0)]
        [string] $BackupPath,

        [Parameter()]
        [ValidateSet('Gallery', 'ArmTemplate', 'Raw')]
        [string] $Format = 'Gallery',

        [Parameter()]
        [switch] $Force,

        [Parameter()]
        [switch] $Timestamped,

        [Parameter(ValueFromPipelineByPropertyName)]
        [Alias('Workspace')]
        [SupportsWildcards()]
        [string[]] $WorkspaceName,

        [Parameter(ValueFromPipelineByPropertyName)]
        [Alias('ResourceGroup')]
        [string] $ResourceGroupName,

        [Parameter(ValueFromPipelineByPropertyName)]
        [string] $SubscriptionId,

        [Parameter(ValueFromPipelineByPropertyName)]
        [Alias('TenantName')]
        [string] $TenantId,

        [Parameter()]
        [string] $TenantFilter,

        [Parameter()]
        [switch] $Raw,

        [Parameter()]
        [switch] $NoCache,

        [Parameter(DontShow)]
        [bool] $ShowHeader
    )
    begin {
        $given = [string[]] $PSBoundParameters.Keys
    }
    process {
        if (-not $script:callable -or $PSCmdlet.MyInvocation.ExpectingInput -or $Raw) {
            ReadOperation 'Export-SentinelWorkbook' 'SentinelManager.ExportedFile' $PSCmdlet $PSBoundParameters $given $_
        }
        else {
            $order = @{ operation = 'Export-SentinelWorkbook'; step = 'read'; arguments = $PSBoundParameters }
            Invoke-HostFunction sentinel $order -Caller $PSCmdlet -TypeName 'SentinelManager.ExportedFile' -Library $script:library
        }
    }
}

function Import-SentinelWorkbook {
    <#
    .SYNOPSIS
        Saves a workbook from a file.
    .DESCRIPTION
        Saves a workbook from a file. The file may be a gallery template, an ARM template or what Export-SentinelWorkbook -Format Raw wrote. It can be undone, with traces. It is planned first; -WhatIf shows the plan and does nothing.
    .PARAMETER Path
        The file, below the folder of backups.
    .PARAMETER DisplayName
        Its name; the file's if it has one.
    .PARAMETER WorkbookId
        Its id, a GUID; that of a workbook that is there overwrites it.
    .PARAMETER Overwrite
        Permits to overwrite a workbook.
    .PARAMETER RemapResourceIds
        Replaces the id of the workspace that it was saved for by the id of this one; $true if it is not given.
    .PARAMETER WorkspaceName
        Workspaces: name, resource id or customer id; several, or a pattern such as law-* or *.
    .PARAMETER ResourceGroupName
        Resource group of the workspace, where its name alone is ambiguous.
    .PARAMETER SubscriptionId
        Subscription of the workspace, where its name alone is ambiguous.
    .PARAMETER TenantId
        Tenant of the workspace: id or name.
    .PARAMETER NoCache
        Asks Azure, whatever is in the cache.
    .PARAMETER ShowHeader
        Accepted and without effect, for scripts of the predecessor.
    .PARAMETER PlanDigest
        Digest of a plan that -WhatIf showed: it is done only if it is still that plan.
    .PARAMETER ConfirmName
        Name of what is ended, for what cannot be undone. Without it, it is asked for where somebody can answer.
    .EXAMPLE
        Import-SentinelWorkbook -WorkspaceName law-contoso -Path workbooks/law-soc/SOC.json -DisplayName 'SOC copy'

        Under another name
    .INPUTS
        Objects with properties that have the names of parameters, such as the rows of other functions.
    .OUTPUTS
        SentinelManager.Outcome: TenantName, WorkspaceName, Action, Name, Id, State, Undo, Journal, Object, Error
    .NOTES
        Needs these actions of Azure: Microsoft.Insights/workbooks/read, Microsoft.Insights/workbooks/write
    #>
    [CmdletBinding(PositionalBinding = $false, SupportsShouldProcess, ConfirmImpact = 'Medium')]
    [Alias('import_sentinelworkbook')]
    [OutputType('SentinelManager.Outcome', 'SentinelManager.Plan')]
    param(
        [Parameter(Mandatory, Position = 0, ValueFromPipelineByPropertyName)]
        [Alias('FullName')]
        [string] $Path,

        [Parameter()]
        [Alias('Name')]
        [string] $DisplayName,

        [Parameter()]
        [ValidatePattern('^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$', Options = 'None')]
        [string] $WorkbookId,

        [Parameter()]
        [switch] $Overwrite,

        [Parameter()]
        [bool] $RemapResourceIds = $true,

        [Parameter(ValueFromPipelineByPropertyName)]
        [Alias('Workspace')]
        [SupportsWildcards()]
        [string[]] $WorkspaceName,

        [Parameter(ValueFromPipelineByPropertyName)]
        [Alias('ResourceGroup')]
        [string] $ResourceGroupName,

        [Parameter(ValueFromPipelineByPropertyName)]
        [string] $SubscriptionId,

        [Parameter(ValueFromPipelineByPropertyName)]
        [Alias('TenantName')]
        [string] $TenantId,

        [Parameter()]
        [switch] $NoCache,

        [Parameter(DontShow)]
        [bool] $ShowHeader,

        [Parameter()]
        [string] $PlanDigest,

        [Parameter()]
        [string] $ConfirmName
    )
    begin {
        $given = [string[]] $PSBoundParameters.Keys
    }
    process { WriteOperation 'Import-SentinelWorkbook' $PSCmdlet $PSBoundParameters $given $_ }
}

function Export-AllWorkbooks {
    <#
    .SYNOPSIS
        Writes all workbooks of a workspace to files.
    .DESCRIPTION
        Writes all workbooks of a workspace to files.
    .PARAMETER BackupPath
        Folder below that of backups.
    .PARAMETER Format
        The content for the gallery, templates that can be deployed, or the objects as Azure has them; 'Gallery' if it is not given. One of: Gallery, ArmTemplate, Raw.
    .PARAMETER Force
        Replaces files that are there.
    .PARAMETER Timestamped
        Makes a folder named after the time.
    .PARAMETER WorkspaceName
        Workspaces: name, resource id or customer id; several, or a pattern such as law-* or *.
    .PARAMETER ResourceGroupName
        Resource group of the workspace, where its name alone is ambiguous.
    .PARAMETER SubscriptionId
        Subscription of the workspace, where its name alone is ambiguous.
    .PARAMETER TenantId
        Tenant of the workspace: id or name.
    .PARAMETER TenantFilter
        Regular expression over names and ids of tenants; without WorkspaceName, all of their workspaces are meant.
    .PARAMETER Raw
        Answers the objects as Azure has them.
    .PARAMETER NoCache
        Asks Azure, whatever is in the cache.
    .PARAMETER ShowHeader
        Accepted and without effect, for scripts of the predecessor.
    .EXAMPLE
        Export-AllWorkbooks -WorkspaceName law-contoso -BackupPath workbooks -Timestamped

        All of them
    .INPUTS
        Objects with properties that have the names of parameters, such as the rows of other functions.
    .OUTPUTS
        SentinelManager.ExportedFile: Name, Kind, File, Bytes, Sha256, TenantName, WorkspaceName
    .NOTES
        Needs these actions of Azure: Microsoft.Insights/workbooks/read
    #>
    [CmdletBinding(PositionalBinding = $false)]
    [Alias('export_allworkbooks')]
    [OutputType('SentinelManager.ExportedFile')]
    param(
        [Parameter(Mandatory, Position = 0)]
        [string] $BackupPath,

        [Parameter()]
        [ValidateSet('Gallery', 'ArmTemplate', 'Raw')]
        [string] $Format = 'Gallery',

        [Parameter()]
        [switch] $Force,

        [Parameter()]
        [switch] $Timestamped,

        [Parameter(ValueFromPipelineByPropertyName)]
        [Alias('Workspace')]
        [SupportsWildcards()]
        [string[]] $WorkspaceName,

        [Parameter(ValueFromPipelineByPropertyName)]
        [Alias('ResourceGroup')]
        [string] $ResourceGroupName,

        [Parameter(ValueFromPipelineByPropertyName)]
        [string] $SubscriptionId,

        [Parameter(ValueFromPipelineByPropertyName)]
        [Alias('TenantName')]
        [string] $TenantId,

        [Parameter()]
        [string] $TenantFilter,

        [Parameter()]
        [switch] $Raw,

        [Parameter()]
        [switch] $NoCache,

        [Parameter(DontShow)]
        [bool] $ShowHeader
    )
    begin {
        $given = [string[]] $PSBoundParameters.Keys
    }
    process {
        if (-not $script:callable -or $PSCmdlet.MyInvocation.ExpectingInput -or $Raw) {
            ReadOperation 'Export-AllWorkbooks' 'SentinelManager.ExportedFile' $PSCmdlet $PSBoundParameters $given $_
        }
        else {
            $order = @{ operation = 'Export-AllWorkbooks'; step = 'read'; arguments = $PSBoundParameters }
            Invoke-HostFunction sentinel $order -Caller $PSCmdlet -TypeName 'SentinelManager.ExportedFile' -Library $script:library
        }
    }
}

function Export-AnalyticsRules {
    <#
    .SYNOPSIS
        Writes analytics rules to files, as JSON, YAML, or templates that can be deployed.
    .DESCRIPTION
        Writes analytics rules to files, as JSON, YAML, or templates that can be deployed.
    .PARAMETER BackupPath
        Folder below that of backups.
    .PARAMETER Force
        Replaces files that are there.
    .PARAMETER Timestamped
        Makes a folder named after the time.
    .PARAMETER Format
        Objects as Azure has them, templates that can be deployed (50 rules a file at most), or YAML, a file for each rule. One of: Json, ArmTemplate, Yaml.
    .PARAMETER Kind
        Only rules of these kinds. One of: Scheduled, NRT, Fusion, MicrosoftSecurityIncidentCreation, ThreatIntelligence, MLBehaviorAnalytics.
    .PARAMETER Enabled
        Only enabled rules; false: only disabled ones.
    .PARAMETER Name
        Only rules whose display names fit this pattern (* and ?).
    .PARAMETER SplitFiles
        A file for each rule.
    .PARAMETER WorkspaceName
        Workspaces: name, resource id or customer id; several, or a pattern such as law-* or *.
    .PARAMETER ResourceGroupName
        Resource group of the workspace, where its name alone is ambiguous.
    .PARAMETER SubscriptionId
        Subscription of the workspace, where its name alone is ambiguous.
    .PARAMETER TenantId
        Tenant of the workspace: id or name.
    .PARAMETER TenantFilter
        Regular expression over names and ids of tenants; without WorkspaceName, all of their workspaces are meant.
    .PARAMETER Raw
        Answers the objects as Azure has them.
    .PARAMETER NoCache
        Asks Azure, whatever is in the cache.
    .PARAMETER ShowHeader
        Accepted and without effect, for scripts of the predecessor.
    .EXAMPLE
        Export-AnalyticsRules -WorkspaceName law-contoso -BackupPath rules -SplitFiles

        One file a rule
    .INPUTS
        Objects with properties that have the names of parameters, such as the rows of other functions.
    .OUTPUTS
        SentinelManager.ExportedFile: Name, Kind, File, Bytes, Sha256, TenantName, WorkspaceName
    .NOTES
        Needs these actions of Azure: Microsoft.SecurityInsights/alertRules/read
    #>
    [CmdletBinding(PositionalBinding = $false)]
    [Alias('export_analyticsrules')]
    [OutputType('SentinelManager.ExportedFile')]
    param(
        [Parameter(Mandatory, Position = 0)]
        [string] $BackupPath,

        [Parameter()]
        [switch] $Force,

        [Parameter()]
        [switch] $Timestamped,

        [Parameter()]
        [ValidateSet('Json', 'ArmTemplate', 'Yaml')]
        [string] $Format,

        [Parameter()]
        [ValidateSet('Scheduled', 'NRT', 'Fusion', 'MicrosoftSecurityIncidentCreation', 'ThreatIntelligence', 'MLBehaviorAnalytics')]
        [string[]] $Kind,

        [Parameter()]
        [bool] $Enabled,

        [Parameter(ValueFromPipelineByPropertyName)]
        [string] $Name,

        [Parameter()]
        [switch] $SplitFiles,

        [Parameter(ValueFromPipelineByPropertyName)]
        [Alias('Workspace')]
        [SupportsWildcards()]
        [string[]] $WorkspaceName,

        [Parameter(ValueFromPipelineByPropertyName)]
        [Alias('ResourceGroup')]
        [string] $ResourceGroupName,

        [Parameter(ValueFromPipelineByPropertyName)]
        [string] $SubscriptionId,

        [Parameter(ValueFromPipelineByPropertyName)]
        [Alias('TenantName')]
        [string] $TenantId,

        [Parameter()]
        [string] $TenantFilter,

        [Parameter()]
        [switch] $Raw,

        [Parameter()]
        [switch] $NoCache,

        [Parameter(DontShow)]
        [bool] $ShowHeader
    )
    begin {
        $given = [string[]] $PSBoundParameters.Keys
    }
    process {
        if (-not $script:callable -or $PSCmdlet.MyInvocation.ExpectingInput -or $Raw) {
            ReadOperation 'Export-AnalyticsRules' 'SentinelManager.ExportedFile' $PSCmdlet $PSBoundParameters $given $_
        }
        else {
            $order = @{ operation = 'Export-AnalyticsRules'; step = 'read'; arguments = $PSBoundParameters }
            Invoke-HostFunction sentinel $order -Caller $PSCmdlet -TypeName 'SentinelManager.ExportedFile' -Library $script:library
        }
    }
}

function Export-AutomationRules {
    <#
    .SYNOPSIS
        Writes automation rules to a file, with the names of the analytics rules that they mention.
    .DESCRIPTION
        Writes automation rules to a file, with the names of the analytics rules that they mention.
    .PARAMETER BackupPath
        Folder below that of backups.
    .PARAMETER Force
        Replaces files that are there.
    .PARAMETER Timestamped
        Makes a folder named after the time.
    .PARAMETER Format
        Objects as Azure has them with the names of the rules that they mention, or a template that can be deployed. One of: Json, ArmTemplate.
    .PARAMETER Enabled
        Only rules that are enabled; false: only those that are not.
    .PARAMETER Name
        Only rules whose display names fit this pattern (* and ?).
    .PARAMETER SplitFiles
        A file for each rule.
    .PARAMETER WorkspaceName
        Workspaces: name, resource id or customer id; several, or a pattern such as law-* or *.
    .PARAMETER ResourceGroupName
        Resource group of the workspace, where its name alone is ambiguous.
    .PARAMETER SubscriptionId
        Subscription of the workspace, where its name alone is ambiguous.
    .PARAMETER TenantId
        Tenant of the workspace: id or name.
    .PARAMETER TenantFilter
        Regular expression over names and ids of tenants; without WorkspaceName, all of their workspaces are meant.
    .PARAMETER Raw
        Answers the objects as Azure has them.
    .PARAMETER NoCache
        Asks Azure, whatever is in the cache.
    .PARAMETER ShowHeader
        Accepted and without effect, for scripts of the predecessor.
    .EXAMPLE
        Export-AutomationRules -WorkspaceName law-contoso -BackupPath automation

        All of them
    .INPUTS
        Objects with properties that have the names of parameters, such as the rows of other functions.
    .OUTPUTS
        SentinelManager.ExportedFile: Name, Kind, File, Bytes, Sha256, TenantName, WorkspaceName
    .NOTES
        Needs these actions of Azure: Microsoft.SecurityInsights/automationRules/read, Microsoft.SecurityInsights/alertRules/read
    #>
    [CmdletBinding(PositionalBinding = $false)]
    [Alias('export_automationrules')]
    [OutputType('SentinelManager.ExportedFile')]
    param(
        [Parameter(Mandatory, Position = 0)]
        [string] $BackupPath,

        [Parameter()]
        [switch] $Force,

        [Parameter()]
        [switch] $Timestamped,

        [Parameter()]
        [ValidateSet('Json', 'ArmTemplate')]
        [string] $Format,

        [Parameter()]
        [bool] $Enabled,

        [Parameter(ValueFromPipelineByPropertyName)]
        [string] $Name,

        [Parameter()]
        [switch] $SplitFiles,

        [Parameter(ValueFromPipelineByPropertyName)]
        [Alias('Workspace')]
        [SupportsWildcards()]
        [string[]] $WorkspaceName,

        [Parameter(ValueFromPipelineByPropertyName)]
        [Alias('ResourceGroup')]
        [string] $ResourceGroupName,

        [Parameter(ValueFromPipelineByPropertyName)]
        [string] $SubscriptionId,

        [Parameter(ValueFromPipelineByPropertyName)]
        [Alias('TenantName')]
        [string] $TenantId,

        [Parameter()]
        [string] $TenantFilter,

        [Parameter()]
        [switch] $Raw,

        [Parameter()]
        [switch] $NoCache,

        [Parameter(DontShow)]
        [bool] $ShowHeader
    )
    begin {
        $given = [string[]] $PSBoundParameters.Keys
    }
    process {
        if (-not $script:callable -or $PSCmdlet.MyInvocation.ExpectingInput -or $Raw) {
            ReadOperation 'Export-AutomationRules' 'SentinelManager.ExportedFile' $PSCmdlet $PSBoundParameters $given $_
        }
        else {
            $order = @{ operation = 'Export-AutomationRules'; step = 'read'; arguments = $PSBoundParameters }
            Invoke-HostFunction sentinel $order -Caller $PSCmdlet -TypeName 'SentinelManager.ExportedFile' -Library $script:library
        }
    }
}

function Export-Watchlists {
    <#
    .SYNOPSIS
        Writes watchlists with their items to files.
    .DESCRIPTION
        Writes watchlists with their items to files.
    .PARAMETER BackupPath
        Folder below that of backups.
    .PARAMETER Force
        Replaces files that are there.
    .PARAMETER Timestamped
        Makes a folder named after the time.
    .PARAMETER Alias
        Only watchlists with these aliases.
    .PARAMETER Format
        How items are written. One of: Csv, Json.
    .PARAMETER WorkspaceName
        Workspaces: name, resource id or customer id; several, or a pattern such as law-* or *.
    .PARAMETER ResourceGroupName
        Resource group of the workspace, where its name alone is ambiguous.
    .PARAMETER SubscriptionId
        Subscription of the workspace, where its name alone is ambiguous.
    .PARAMETER TenantId
        Tenant of the workspace: id or name.
    .PARAMETER TenantFilter
        Regular expression over names and ids of tenants; without WorkspaceName, all of their workspaces are meant.
    .PARAMETER Raw
        Answers the objects as Azure has them.
    .PARAMETER NoCache
        Asks Azure, whatever is in the cache.
    .PARAMETER ShowHeader
        Accepted and without effect, for scripts of the predecessor.
    .EXAMPLE
        Export-Watchlists -WorkspaceName law-contoso -BackupPath watchlists

        All of them
    .INPUTS
        Objects with properties that have the names of parameters, such as the rows of other functions.
    .OUTPUTS
        SentinelManager.ExportedFile: Name, Kind, File, Bytes, Sha256, TenantName, WorkspaceName
    .NOTES
        Needs these actions of Azure: Microsoft.SecurityInsights/watchlists/read
    #>
    [CmdletBinding(PositionalBinding = $false)]
    [OutputType('SentinelManager.ExportedFile')]
    param(
        [Parameter(Mandatory, Position = 0)]
        [string] $BackupPath,

        [Parameter()]
        [switch] $Force,

        [Parameter()]
        [switch] $Timestamped,

        [Parameter()]
        [string[]] $Alias,

        [Parameter()]
        [ValidateSet('Csv', 'Json')]
        [string] $Format,

        [Parameter(ValueFromPipelineByPropertyName)]
        [Alias('Workspace')]
        [SupportsWildcards()]
        [string[]] $WorkspaceName,

        [Parameter(ValueFromPipelineByPropertyName)]
        [Alias('ResourceGroup')]
        [string] $ResourceGroupName,

        [Parameter(ValueFromPipelineByPropertyName)]
        [string] $SubscriptionId,

        [Parameter(ValueFromPipelineByPropertyName)]
        [Alias('TenantName')]
        [string] $TenantId,

        [Parameter()]
        [string] $TenantFilter,

        [Parameter()]
        [switch] $Raw,

        [Parameter()]
        [switch] $NoCache,

        [Parameter(DontShow)]
        [bool] $ShowHeader
    )
    begin {
        $given = [string[]] $PSBoundParameters.Keys
    }
    process {
        if (-not $script:callable -or $PSCmdlet.MyInvocation.ExpectingInput -or $Raw) {
            ReadOperation 'Export-Watchlists' 'SentinelManager.ExportedFile' $PSCmdlet $PSBoundParameters $given $_
        }
        else {
            $order = @{ operation = 'Export-Watchlists'; step = 'read'; arguments = $PSBoundParameters }
            Invoke-HostFunction sentinel $order -Caller $PSCmdlet -TypeName 'SentinelManager.ExportedFile' -Library $script:library
        }
    }
}

function Export-Functions {
    <#
    .SYNOPSIS
        Writes the functions of a workspace to a file.
    .DESCRIPTION
        Writes the functions of a workspace to a file.
    .PARAMETER BackupPath
        Folder below that of backups.
    .PARAMETER Force
        Replaces files that are there.
    .PARAMETER Timestamped
        Makes a folder named after the time.
    .PARAMETER Format
        Objects as Azure has them, a template that can be deployed, or YAML, a file for each. One of: Json, ArmTemplate, Yaml.
    .PARAMETER Category
        Only those of this category.
    .PARAMETER Name
        Only those whose names fit this pattern (* and ?).
    .PARAMETER WorkspaceName
        Workspaces: name, resource id or customer id; several, or a pattern such as law-* or *.
    .PARAMETER ResourceGroupName
        Resource group of the workspace, where its name alone is ambiguous.
    .PARAMETER SubscriptionId
        Subscription of the workspace, where its name alone is ambiguous.
    .PARAMETER TenantId
        Tenant of the workspace: id or name.
    .PARAMETER TenantFilter
        Regular expression over names and ids of tenants; without WorkspaceName, all of their workspaces are meant.
    .PARAMETER Raw
        Answers the objects as Azure has them.
    .PARAMETER NoCache
        Asks Azure, whatever is in the cache.
    .PARAMETER ShowHeader
        Accepted and without effect, for scripts of the predecessor.
    .EXAMPLE
        Export-Functions -WorkspaceName law-contoso -BackupPath functions

        All of them
    .INPUTS
        Objects with properties that have the names of parameters, such as the rows of other functions.
    .OUTPUTS
        SentinelManager.ExportedFile: Name, Kind, File, Bytes, Sha256, TenantName, WorkspaceName
    .NOTES
        Needs these actions of Azure: Microsoft.OperationalInsights/workspaces/savedSearches/read
    #>
    [CmdletBinding(PositionalBinding = $false)]
    [OutputType('SentinelManager.ExportedFile')]
    param(
        [Parameter(Mandatory, Position = 0)]
        [string] $BackupPath,

        [Parameter()]
        [switch] $Force,

        [Parameter()]
        [switch] $Timestamped,

        [Parameter()]
        [ValidateSet('Json', 'ArmTemplate', 'Yaml')]
        [string] $Format,

        [Parameter()]
        [string] $Category,

        [Parameter(ValueFromPipelineByPropertyName)]
        [string] $Name,

        [Parameter(ValueFromPipelineByPropertyName)]
        [Alias('Workspace')]
        [SupportsWildcards()]
        [string[]] $WorkspaceName,

        [Parameter(ValueFromPipelineByPropertyName)]
        [Alias('ResourceGroup')]
        [string] $ResourceGroupName,

        [Parameter(ValueFromPipelineByPropertyName)]
        [string] $SubscriptionId,

        [Parameter(ValueFromPipelineByPropertyName)]
        [Alias('TenantName')]
        [string] $TenantId,

        [Parameter()]
        [string] $TenantFilter,

        [Parameter()]
        [switch] $Raw,

        [Parameter()]
        [switch] $NoCache,

        [Parameter(DontShow)]
        [bool] $ShowHeader
    )
    begin {
        $given = [string[]] $PSBoundParameters.Keys
    }
    process {
        if (-not $script:callable -or $PSCmdlet.MyInvocation.ExpectingInput -or $Raw) {
            ReadOperation 'Export-Functions' 'SentinelManager.ExportedFile' $PSCmdlet $PSBoundParameters $given $_
        }
        else {
            $order = @{ operation = 'Export-Functions'; step = 'read'; arguments = $PSBoundParameters }
            Invoke-HostFunction sentinel $order -Caller $PSCmdlet -TypeName 'SentinelManager.ExportedFile' -Library $script:library
        }
    }
}

function Export-SavedQueries {
    <#
    .SYNOPSIS
        Writes saved queries, hunting queries among them, to a file.
    .DESCRIPTION
        Writes saved queries, hunting queries among them, to a file.
    .PARAMETER BackupPath
        Folder below that of backups.
    .PARAMETER Force
        Replaces files that are there.
    .PARAMETER Timestamped
        Makes a folder named after the time.
    .PARAMETER Format
        Objects as Azure has them, a template that can be deployed, or YAML, a file for each. One of: Json, ArmTemplate, Yaml.
    .PARAMETER Category
        Only those of this category, such as Hunting Queries.
    .PARAMETER IncludeFunctions
        Functions too.
    .PARAMETER WorkspaceName
        Workspaces: name, resource id or customer id; several, or a pattern such as law-* or *.
    .PARAMETER ResourceGroupName
        Resource group of the workspace, where its name alone is ambiguous.
    .PARAMETER SubscriptionId
        Subscription of the workspace, where its name alone is ambiguous.
    .PARAMETER TenantId
        Tenant of the workspace: id or name.
    .PARAMETER TenantFilter
        Regular expression over names and ids of tenants; without WorkspaceName, all of their workspaces are meant.
    .PARAMETER Raw
        Answers the objects as Azure has them.
    .PARAMETER NoCache
        Asks Azure, whatever is in the cache.
    .PARAMETER ShowHeader
        Accepted and without effect, for scripts of the predecessor.
    .EXAMPLE
        Export-SavedQueries -WorkspaceName law-contoso -BackupPath hunting -Category 'Hunting Queries'

        Hunting queries
    .INPUTS
        Objects with properties that have the names of parameters, such as the rows of other functions.
    .OUTPUTS
        SentinelManager.ExportedFile: Name, Kind, File, Bytes, Sha256, TenantName, WorkspaceName
    .NOTES
        Needs these actions of Azure: Microsoft.OperationalInsights/workspaces/savedSearches/read
    #>
    [CmdletBinding(PositionalBinding = $false)]
    [Alias('export_savedqueries')]
    [OutputType('SentinelManager.ExportedFile')]
    param(
        [Parameter(Mandatory, Position = 0)]
        [string] $BackupPath,

        [Parameter()]
        [switch] $Force,

        [Parameter()]
        [switch] $Timestamped,

        [Parameter()]
        [ValidateSet('Json', 'ArmTemplate', 'Yaml')]
        [string] $Format,

        [Parameter()]
        [string] $Category,

        [Parameter()]
        [switch] $IncludeFunctions,

        [Parameter(ValueFromPipelineByPropertyName)]
        [Alias('Workspace')]
        [SupportsWildcards()]
        [string[]] $WorkspaceName,

        [Parameter(ValueFromPipelineByPropertyName)]
        [Alias('ResourceGroup')]
        [string] $ResourceGroupName,

        [Parameter(ValueFromPipelineByPropertyName)]
        [string] $SubscriptionId,

        [Parameter(ValueFromPipelineByPropertyName)]
        [Alias('TenantName')]
        [string] $TenantId,

        [Parameter()]
        [string] $TenantFilter,

        [Parameter()]
        [switch] $Raw,

        [Parameter()]
        [switch] $NoCache,

        [Parameter(DontShow)]
        [bool] $ShowHeader
    )
    begin {
        $given = [string[]] $PSBoundParameters.Keys
    }
    process {
        if (-not $script:callable -or $PSCmdlet.MyInvocation.ExpectingInput -or $Raw) {
            ReadOperation 'Export-SavedQueries' 'SentinelManager.ExportedFile' $PSCmdlet $PSBoundParameters $given $_
        }
        else {
            $order = @{ operation = 'Export-SavedQueries'; step = 'read'; arguments = $PSBoundParameters }
            Invoke-HostFunction sentinel $order -Caller $PSCmdlet -TypeName 'SentinelManager.ExportedFile' -Library $script:library
        }
    }
}

function Export-TableData {
    <#
    .SYNOPSIS
        Writes rows of a table or query to a file, slice by slice.
    .DESCRIPTION
        Writes rows of a table or query to a file, slice by slice.
    .PARAMETER BackupPath
        Folder below that of backups.
    .PARAMETER Force
        Replaces files that are there.
    .PARAMETER Timestamped
        Makes a folder named after the time.
    .PARAMETER TableName
        The table.
    .PARAMETER Query
        A query in KQL, instead of a table.
    .PARAMETER From
        The time it begins at: a time, a date, or how long ago.
    .PARAMETER To
        The time it ends at; now if it is not given.
    .PARAMETER TimeRange
        The time it covers, instead of From: 24h, 7d; 24h if nothing is given.
    .PARAMETER Format
        How rows are written. One of: Csv, Json, NdJson.
    .PARAMETER MaxRows
        Rows at most; 100000 if it is not given.
    .PARAMETER SliceMinutes
        Minutes that one query covers; halved where an answer would be too large.
    .PARAMETER WorkspaceName
        Workspaces: name, resource id or customer id; several, or a pattern such as law-* or *.
    .PARAMETER ResourceGroupName
        Resource group of the workspace, where its name alone is ambiguous.
    .PARAMETER SubscriptionId
        Subscription of the workspace, where its name alone is ambiguous.
    .PARAMETER TenantId
        Tenant of the workspace: id or name.
    .PARAMETER TenantFilter
        Regular expression over names and ids of tenants; without WorkspaceName, all of their workspaces are meant.
    .PARAMETER Raw
        Answers the objects as Azure has them.
    .PARAMETER NoCache
        Asks Azure, whatever is in the cache.
    .PARAMETER ShowHeader
        Accepted and without effect, for scripts of the predecessor.
    .EXAMPLE
        Export-TableData -WorkspaceName law-contoso -TableName SigninLogs -BackupPath data -TimeRange 24h -Format NdJson

        A day of sign-ins
    .INPUTS
        Objects with properties that have the names of parameters, such as the rows of other functions.
    .OUTPUTS
        SentinelManager.ExportedFile: Name, Kind, File, Bytes, Sha256, TenantName, WorkspaceName
    .NOTES
        Needs these actions of Azure: Microsoft.OperationalInsights/workspaces/query/read
    #>
    [CmdletBinding(PositionalBinding = $false)]
    [Alias('export_tabledata')]
    [OutputType('SentinelManager.ExportedFile')]
    param(
        [Parameter(Mandatory, Position = 0)]
        [string] $BackupPath,

        [Parameter()]
        [switch] $Force,

        [Parameter()]
        [switch] $Timestamped,

        [Parameter(ValueFromPipelineByPropertyName)]
        [string] $TableName,

        [Parameter()]
        [string] $Query,

        [Parameter()]
        [string] $From,

        [Parameter()]
        [string] $To,

        [Parameter()]
        [string] $TimeRange,

        [Parameter()]
        [ValidateSet('Csv', 'Json', 'NdJson')]
        [string] $Format,

        [Parameter()]
        [ValidateRange([int] 1, [int] 10000000)]
        [int] $MaxRows = 100000,

        [Parameter()]
        [ValidateRange([int] 1, [int] 44640)]
        [int] $SliceMinutes,

        [Parameter(ValueFromPipelineByPropertyName)]
        [Alias('Workspace')]
        [SupportsWildcards()]
        [string[]] $WorkspaceName,

        [Parameter(ValueFromPipelineByPropertyName)]
        [Alias('ResourceGroup')]
        [string] $ResourceGroupName,

        [Parameter(ValueFromPipelineByPropertyName)]
        [string] $SubscriptionId,

        [Parameter(ValueFromPipelineByPropertyName)]
        [Alias('TenantName')]
        [string] $TenantId,

        [Parameter()]
        [string] $TenantFilter,

        [Parameter()]
        [switch] $Raw,

        [Parameter()]
        [switch] $NoCache,

        [Parameter(DontShow)]
        [bool] $ShowHeader
    )
    begin {
        $given = [string[]] $PSBoundParameters.Keys
    }
    process {
        if (-not $script:callable -or $PSCmdlet.MyInvocation.ExpectingInput -or $Raw) {
            ReadOperation 'Export-TableData' 'SentinelManager.ExportedFile' $PSCmdlet $PSBoundParameters $given $_
        }
        else {
            $order = @{ operation = 'Export-TableData'; step = 'read'; arguments = $PSBoundParameters }
            Invoke-HostFunction sentinel $order -Caller $PSCmdlet -TypeName 'SentinelManager.ExportedFile' -Library $script:library
        }
    }
}

function Import-AnalyticsRules {
    <#
    .SYNOPSIS
        Creates and changes analytics rules as files have them: JSON, ARM templates or YAML.
    .DESCRIPTION
        Creates and changes analytics rules as files have them: JSON, ARM templates or YAML. Files are those that exports and backups write, lists and objects as Azure sends them, ARM templates, and the layouts of repositories. Objects are known again by id, then by name; what is equal stays untouched. A change that fails leaves the others alone. It can be undone exactly. It is planned first; -WhatIf shows the plan and does nothing.
    .PARAMETER Path
        File or folder below that of backups; of a folder everything of the kind that is in it.
    .PARAMETER Mode
        What becomes of objects that are there already and other than in the files; 'Update' if it is not given. One of: Update, Skip, Fail.
    .PARAMETER Name
        Only objects whose names fit this pattern (* and ?).
    .PARAMETER Enabled
        Whether the rules run, whatever the files say.
    .PARAMETER WorkspaceName
        Workspaces: name, resource id or customer id; several, or a pattern such as law-* or *.
    .PARAMETER ResourceGroupName
        Resource group of the workspace, where its name alone is ambiguous.
    .PARAMETER SubscriptionId
        Subscription of the workspace, where its name alone is ambiguous.
    .PARAMETER TenantId
        Tenant of the workspace: id or name.
    .PARAMETER NoCache
        Asks Azure, whatever is in the cache.
    .PARAMETER ShowHeader
        Accepted and without effect, for scripts of the predecessor.
    .PARAMETER PlanDigest
        Digest of a plan that -WhatIf showed: it is done only if it is still that plan.
    .PARAMETER ConfirmName
        Name of what is ended, for what cannot be undone. Without it, it is asked for where somebody can answer.
    .EXAMPLE
        Import-AnalyticsRules -WorkspaceName law-contoso -Path analytics-rules -Enabled:$false -WhatIf

        Rules of a repository, disabled at first
    .EXAMPLE
        Import-AnalyticsRules -WorkspaceName law-contoso -Path rules/law-soc -Mode Skip

        Only what is not there yet
    .INPUTS
        Objects with properties that have the names of parameters, such as the rows of other functions.
    .OUTPUTS
        SentinelManager.Outcome: TenantName, WorkspaceName, Action, Name, Id, State, Undo, Journal, Object, Error
    .NOTES
        Needs these actions of Azure: Microsoft.SecurityInsights/alertRules/read, Microsoft.SecurityInsights/alertRules/write
    #>
    [CmdletBinding(PositionalBinding = $false, SupportsShouldProcess, ConfirmImpact = 'Medium')]
    [Alias('import_analyticsrules')]
    [OutputType('SentinelManager.Outcome', 'SentinelManager.Plan')]
    param(
        [Parameter(Mandatory, Position = 0, ValueFromPipelineByPropertyName)]
        [Alias('FromFile', 'FullName')]
        [string] $Path,

        [Parameter()]
        [ValidateSet('Update', 'Skip', 'Fail')]
        [string] $Mode = 'Update',

        [Parameter()]
        [string] $Name,

        [Parameter()]
        [bool] $Enabled,

        [Parameter(ValueFromPipelineByPropertyName)]
        [Alias('Workspace')]
        [SupportsWildcards()]
        [string[]] $WorkspaceName,

        [Parameter(ValueFromPipelineByPropertyName)]
        [Alias('ResourceGroup')]
        [string] $ResourceGroupName,

        [Parameter(ValueFromPipelineByPropertyName)]
        [string] $SubscriptionId,

        [Parameter(ValueFromPipelineByPropertyName)]
        [Alias('TenantName')]
        [string] $TenantId,

        [Parameter()]
        [switch] $NoCache,

        [Parameter(DontShow)]
        [bool] $ShowHeader,

        [Parameter()]
        [string] $PlanDigest,

        [Parameter()]
        [string] $ConfirmName
    )
    begin {
        $given = [string[]] $PSBoundParameters.Keys
    }
    process { WriteOperation 'Import-AnalyticsRules' $PSCmdlet $PSBoundParameters $given $_ }
}

function Import-AutomationRules {
    <#
    .SYNOPSIS
        Creates and changes automation rules as files have them; analytics rules that they mention are found by id or name.
    .DESCRIPTION
        Creates and changes automation rules as files have them; analytics rules that they mention are found by id or name. Files are those that exports and backups write, lists and objects as Azure sends them, ARM templates, and the layouts of repositories. Objects are known again by id, then by name; what is equal stays untouched. A change that fails leaves the others alone. It can be undone exactly. It is planned first; -WhatIf shows the plan and does nothing.
    .PARAMETER Path
        File or folder below that of backups; of a folder everything of the kind that is in it.
    .PARAMETER Mode
        What becomes of objects that are there already and other than in the files; 'Update' if it is not given. One of: Update, Skip, Fail.
    .PARAMETER Name
        Only objects whose names fit this pattern (* and ?).
    .PARAMETER Enabled
        Whether the rules run, whatever the files say.
    .PARAMETER WorkspaceName
        Workspaces: name, resource id or customer id; several, or a pattern such as law-* or *.
    .PARAMETER ResourceGroupName
        Resource group of the workspace, where its name alone is ambiguous.
    .PARAMETER SubscriptionId
        Subscription of the workspace, where its name alone is ambiguous.
    .PARAMETER TenantId
        Tenant of the workspace: id or name.
    .PARAMETER NoCache
        Asks Azure, whatever is in the cache.
    .PARAMETER ShowHeader
        Accepted and without effect, for scripts of the predecessor.
    .PARAMETER PlanDigest
        Digest of a plan that -WhatIf showed: it is done only if it is still that plan.
    .PARAMETER ConfirmName
        Name of what is ended, for what cannot be undone. Without it, it is asked for where somebody can answer.
    .EXAMPLE
        Import-AutomationRules -WorkspaceName law-contoso -Path automation/law-soc/automation_rules.json

        What Export-AutomationRules wrote
    .INPUTS
        Objects with properties that have the names of parameters, such as the rows of other functions.
    .OUTPUTS
        SentinelManager.Outcome: TenantName, WorkspaceName, Action, Name, Id, State, Undo, Journal, Object, Error
    .NOTES
        Needs these actions of Azure: Microsoft.SecurityInsights/automationRules/read, Microsoft.SecurityInsights/automationRules/write, Microsoft.SecurityInsights/alertRules/read
    #>
    [CmdletBinding(PositionalBinding = $false, SupportsShouldProcess, ConfirmImpact = 'Medium')]
    [Alias('import_automationrules')]
    [OutputType('SentinelManager.Outcome', 'SentinelManager.Plan')]
    param(
        [Parameter(Mandatory, Position = 0, ValueFromPipelineByPropertyName)]
        [Alias('FromFile', 'FullName')]
        [string] $Path,

        [Parameter()]
        [ValidateSet('Update', 'Skip', 'Fail')]
        [string] $Mode = 'Update',

        [Parameter()]
        [string] $Name,

        [Parameter()]
        [bool] $Enabled,

        [Parameter(ValueFromPipelineByPropertyName)]
        [Alias('Workspace')]
        [SupportsWildcards()]
        [string[]] $WorkspaceName,

        [Parameter(ValueFromPipelineByPropertyName)]
        [Alias('ResourceGroup')]
        [string] $ResourceGroupName,

        [Parameter(ValueFromPipelineByPropertyName)]
        [string] $SubscriptionId,

        [Parameter(ValueFromPipelineByPropertyName)]
        [Alias('TenantName')]
        [string] $TenantId,

        [Parameter()]
        [switch] $NoCache,

        [Parameter(DontShow)]
        [bool] $ShowHeader,

        [Parameter()]
        [string] $PlanDigest,

        [Parameter()]
        [string] $ConfirmName
    )
    begin {
        $given = [string[]] $PSBoundParameters.Keys
    }
    process { WriteOperation 'Import-AutomationRules' $PSCmdlet $PSBoundParameters $given $_ }
}

function Import-Watchlists {
    <#
    .SYNOPSIS
        Creates watchlists with their items, and adds and changes items of those that are there.
    .DESCRIPTION
        Creates watchlists with their items, and adds and changes items of those that are there. Files are those that exports and backups write, lists and objects as Azure sends them, ARM templates, and the layouts of repositories. Objects are known again by id, then by name; what is equal stays untouched. A change that fails leaves the others alone. It can be undone exactly. It is planned first; -WhatIf shows the plan and does nothing.
    .PARAMETER Path
        File or folder below that of backups; of a folder everything of the kind that is in it.
    .PARAMETER Mode
        What becomes of objects that are there already and other than in the files; 'Update' if it is not given. One of: Update, Skip, Fail.
    .PARAMETER Name
        Only objects whose names fit this pattern (* and ?).
    .PARAMETER WorkspaceName
        Workspaces: name, resource id or customer id; several, or a pattern such as law-* or *.
    .PARAMETER ResourceGroupName
        Resource group of the workspace, where its name alone is ambiguous.
    .PARAMETER SubscriptionId
        Subscription of the workspace, where its name alone is ambiguous.
    .PARAMETER TenantId
        Tenant of the workspace: id or name.
    .PARAMETER NoCache
        Asks Azure, whatever is in the cache.
    .PARAMETER ShowHeader
        Accepted and without effect, for scripts of the predecessor.
    .PARAMETER PlanDigest
        Digest of a plan that -WhatIf showed: it is done only if it is still that plan.
    .PARAMETER ConfirmName
        Name of what is ended, for what cannot be undone. Without it, it is asked for where somebody can answer.
    .EXAMPLE
        Import-Watchlists -WorkspaceName law-contoso -Path watchlists

        A folder of them
    .INPUTS
        Objects with properties that have the names of parameters, such as the rows of other functions.
    .OUTPUTS
        SentinelManager.Outcome: TenantName, WorkspaceName, Action, Name, Id, State, Undo, Journal, Object, Error
    .NOTES
        Needs these actions of Azure: Microsoft.SecurityInsights/watchlists/read, Microsoft.SecurityInsights/watchlists/write
    #>
    [CmdletBinding(PositionalBinding = $false, SupportsShouldProcess, ConfirmImpact = 'Medium')]
    [OutputType('SentinelManager.Outcome', 'SentinelManager.Plan')]
    param(
        [Parameter(Mandatory, Position = 0, ValueFromPipelineByPropertyName)]
        [Alias('FromFile', 'FullName')]
        [string] $Path,

        [Parameter()]
        [ValidateSet('Update', 'Skip', 'Fail')]
        [string] $Mode = 'Update',

        [Parameter()]
        [string] $Name,

        [Parameter(ValueFromPipelineByPropertyName)]
        [Alias('Workspace')]
        [SupportsWildcards()]
        [string[]] $WorkspaceName,

        [Parameter(ValueFromPipelineByPropertyName)]
        [Alias('ResourceGroup')]
        [string] $ResourceGroupName,

        [Parameter(ValueFromPipelineByPropertyName)]
        [string] $SubscriptionId,

        [Parameter(ValueFromPipelineByPropertyName)]
        [Alias('TenantName')]
        [string] $TenantId,

        [Parameter()]
        [switch] $NoCache,

        [Parameter(DontShow)]
        [bool] $ShowHeader,

        [Parameter()]
        [string] $PlanDigest,

        [Parameter()]
        [string] $ConfirmName
    )
    begin {
        $given = [string[]] $PSBoundParameters.Keys
    }
    process { WriteOperation 'Import-Watchlists' $PSCmdlet $PSBoundParameters $given $_ }
}

function Import-SavedQueries {
    <#
    .SYNOPSIS
        Creates and changes saved queries, hunting queries and functions as files have them: JSON, ARM templates or YAML.
    .DESCRIPTION
        Creates and changes saved queries, hunting queries and functions as files have them: JSON, ARM templates or YAML. Files are those that exports and backups write, lists and objects as Azure sends them, ARM templates, and the layouts of repositories. Objects are known again by id, then by name; what is equal stays untouched. A change that fails leaves the others alone. It can be undone exactly. It is planned first; -WhatIf shows the plan and does nothing.
    .PARAMETER Path
        File or folder below that of backups; of a folder everything of the kind that is in it.
    .PARAMETER Mode
        What becomes of objects that are there already and other than in the files; 'Update' if it is not given. One of: Update, Skip, Fail.
    .PARAMETER Name
        Only objects whose names fit this pattern (* and ?).
    .PARAMETER WorkspaceName
        Workspaces: name, resource id or customer id; several, or a pattern such as law-* or *.
    .PARAMETER ResourceGroupName
        Resource group of the workspace, where its name alone is ambiguous.
    .PARAMETER SubscriptionId
        Subscription of the workspace, where its name alone is ambiguous.
    .PARAMETER TenantId
        Tenant of the workspace: id or name.
    .PARAMETER NoCache
        Asks Azure, whatever is in the cache.
    .PARAMETER ShowHeader
        Accepted and without effect, for scripts of the predecessor.
    .PARAMETER PlanDigest
        Digest of a plan that -WhatIf showed: it is done only if it is still that plan.
    .PARAMETER ConfirmName
        Name of what is ended, for what cannot be undone. Without it, it is asked for where somebody can answer.
    .EXAMPLE
        Import-SavedQueries -WorkspaceName law-contoso -Path hunting-queries

        Hunting queries of a repository
    .INPUTS
        Objects with properties that have the names of parameters, such as the rows of other functions.
    .OUTPUTS
        SentinelManager.Outcome: TenantName, WorkspaceName, Action, Name, Id, State, Undo, Journal, Object, Error
    .NOTES
        Needs these actions of Azure: Microsoft.OperationalInsights/workspaces/savedSearches/read, Microsoft.OperationalInsights/workspaces/savedSearches/write
    #>
    [CmdletBinding(PositionalBinding = $false, SupportsShouldProcess, ConfirmImpact = 'Medium')]
    [Alias('import_savedqueries', 'Import-Functions')]
    [OutputType('SentinelManager.Outcome', 'SentinelManager.Plan')]
    param(
        [Parameter(Mandatory, Position = 0, ValueFromPipelineByPropertyName)]
        [Alias('FromFile', 'FullName')]
        [string] $Path,

        [Parameter()]
        [ValidateSet('Update', 'Skip', 'Fail')]
        [string] $Mode = 'Update',

        [Parameter()]
        [string] $Name,

        [Parameter(ValueFromPipelineByPropertyName)]
        [Alias('Workspace')]
        [SupportsWildcards()]
        [string[]] $WorkspaceName,

        [Parameter(ValueFromPipelineByPropertyName)]
        [Alias('ResourceGroup')]
        [string] $ResourceGroupName,

        [Parameter(ValueFromPipelineByPropertyName)]
        [string] $SubscriptionId,

        [Parameter(ValueFromPipelineByPropertyName)]
        [Alias('TenantName')]
        [string] $TenantId,

        [Parameter()]
        [switch] $NoCache,

        [Parameter(DontShow)]
        [bool] $ShowHeader,

        [Parameter()]
        [string] $PlanDigest,

        [Parameter()]
        [string] $ConfirmName
    )
    begin {
        $given = [string[]] $PSBoundParameters.Keys
    }
    process { WriteOperation 'Import-SavedQueries' $PSCmdlet $PSBoundParameters $given $_ }
}

function Backup-SentinelWorkspace {
    <#
    .SYNOPSIS
        Writes everything that a workspace has to files, as Azure sends it, with a manifest of their hashes.
    .DESCRIPTION
        Writes everything that a workspace has to files, as Azure sends it, with a manifest of their hashes. Nothing in Azure is changed. A backup that was broken off goes on with the kinds that it lacks. It has its name once it is whole and was read again.
    .PARAMETER BackupPath
        Folder below that of backups; that folder itself if there is none; '' if it is not given.
    .PARAMETER Kind
        Only these kinds of content. One of: Tables, DataCollectionEndpoints, DataCollectionRules, Associations, Watchlists, SavedQueries, SummaryRules, AnalyticsRules, AutomationRules, Workbooks, Settings.
    .PARAMETER Anew
        Begins anew, also where a backup was broken off.
    .PARAMETER WorkspaceName
        Workspaces: name, resource id or customer id; several, or a pattern such as law-* or *.
    .PARAMETER ResourceGroupName
        Resource group of the workspace, where its name alone is ambiguous.
    .PARAMETER SubscriptionId
        Subscription of the workspace, where its name alone is ambiguous.
    .PARAMETER TenantId
        Tenant of the workspace: id or name.
    .PARAMETER TenantFilter
        Regular expression over names and ids of tenants; without WorkspaceName, all of their workspaces are meant.
    .PARAMETER Raw
        Answers the objects as Azure has them.
    .PARAMETER NoCache
        Asks Azure, whatever is in the cache.
    .PARAMETER ShowHeader
        Accepted and without effect, for scripts of the predecessor.
    .EXAMPLE
        Backup-SentinelWorkspace -WorkspaceName law-contoso

        One workspace
    .EXAMPLE
        Backup-SentinelWorkspace -WorkspaceName * -Kind AnalyticsRules,Watchlists -BackupPath nightly

        Rules and watchlists of all
    .INPUTS
        Objects with properties that have the names of parameters, such as the rows of other functions.
    .OUTPUTS
        SentinelManager.SentinelWorkspace: Kind, Objects, Items, Bytes, State, Path, TenantName, WorkspaceName
    .NOTES
        Needs these actions of Azure: Microsoft.OperationalInsights/workspaces/tables/read, Microsoft.OperationalInsights/workspaces/savedSearches/read, Microsoft.OperationalInsights/workspaces/summaryLogs/read, Microsoft.Insights/dataCollectionRules/read, Microsoft.Insights/dataCollectionEndpoints/read, Microsoft.Insights/dataCollectionRuleAssociations/read, Microsoft.Insights/workbooks/read, Microsoft.SecurityInsights/watchlists/read, Microsoft.SecurityInsights/alertRules/read, Microsoft.SecurityInsights/automationRules/read, Microsoft.SecurityInsights/settings/read
    #>
    [CmdletBinding(PositionalBinding = $false)]
    [OutputType('SentinelManager.SentinelWorkspace')]
    param(
        [Parameter()]
        [string] $BackupPath = '',

        [Parameter()]
        [ValidateSet('Tables', 'DataCollectionEndpoints', 'DataCollectionRules', 'Associations', 'Watchlists', 'SavedQueries', 'SummaryRules', 'AnalyticsRules', 'AutomationRules', 'Workbooks', 'Settings')]
        [string[]] $Kind,

        [Parameter()]
        [switch] $Anew,

        [Parameter(ValueFromPipelineByPropertyName)]
        [Alias('Workspace')]
        [SupportsWildcards()]
        [string[]] $WorkspaceName,

        [Parameter(ValueFromPipelineByPropertyName)]
        [Alias('ResourceGroup')]
        [string] $ResourceGroupName,

        [Parameter(ValueFromPipelineByPropertyName)]
        [string] $SubscriptionId,

        [Parameter(ValueFromPipelineByPropertyName)]
        [Alias('TenantName')]
        [string] $TenantId,

        [Parameter()]
        [string] $TenantFilter,

        [Parameter()]
        [switch] $Raw,

        [Parameter()]
        [switch] $NoCache,

        [Parameter(DontShow)]
        [bool] $ShowHeader
    )
    begin {
        $given = [string[]] $PSBoundParameters.Keys
    }
    process {
        if (-not $script:callable -or $PSCmdlet.MyInvocation.ExpectingInput -or $Raw) {
            ReadOperation 'Backup-SentinelWorkspace' 'SentinelManager.SentinelWorkspace' $PSCmdlet $PSBoundParameters $given $_
        }
        else {
            $order = @{ operation = 'Backup-SentinelWorkspace'; step = 'read'; arguments = $PSBoundParameters }
            Invoke-HostFunction sentinel $order -Caller $PSCmdlet -TypeName 'SentinelManager.SentinelWorkspace' -Library $script:library
        }
    }
}

function Restore-SentinelWorkspace {
    <#
    .SYNOPSIS
        Brings a workspace to have what a backup has: what is missing is created, what differs is changed, the rest stays.
    .DESCRIPTION
        Brings a workspace to have what a backup has: what is missing is created, what differs is changed, the rest stays. The workspace may be another one than that of the backup: what names the old one names the new one then, and rules that automation rules mention are found again. Objects that the backup does not have stay. A backup that is not whole is refused. A restore that was broken off is safe to run again. It can be undone, with traces. It is planned first; -WhatIf shows the plan and does nothing.
    .PARAMETER Path
        Folder of a backup below that of backups; of several backups of one workspace the latest.
    .PARAMETER Kind
        Only these kinds of content. One of: Tables, DataCollectionEndpoints, DataCollectionRules, Associations, Watchlists, SavedQueries, SummaryRules, AnalyticsRules, AutomationRules, Workbooks, Settings.
    .PARAMETER Name
        Only objects whose names fit this pattern (* and ?).
    .PARAMETER Mode
        What becomes of objects that are there already and other than in the backup; 'Update' if it is not given. One of: Update, Skip, Fail.
    .PARAMETER MoveAssociations
        Associates machines with the rules of this workspace that are associated with others now.
    .PARAMETER WorkspaceName
        Workspaces: name, resource id or customer id; several, or a pattern such as law-* or *.
    .PARAMETER ResourceGroupName
        Resource group of the workspace, where its name alone is ambiguous.
    .PARAMETER SubscriptionId
        Subscription of the workspace, where its name alone is ambiguous.
    .PARAMETER TenantId
        Tenant of the workspace: id or name.
    .PARAMETER NoCache
        Asks Azure, whatever is in the cache.
    .PARAMETER ShowHeader
        Accepted and without effect, for scripts of the predecessor.
    .PARAMETER PlanDigest
        Digest of a plan that -WhatIf showed: it is done only if it is still that plan.
    .PARAMETER ConfirmName
        Name of what is ended, for what cannot be undone. Without it, it is asked for where somebody can answer.
    .EXAMPLE
        Restore-SentinelWorkspace -WorkspaceName law-contoso -Path law-contoso_1a2b3c4d -WhatIf

        The latest backup, as a plan
    .EXAMPLE
        Restore-SentinelWorkspace -WorkspaceName law-contoso -Path law-contoso_1a2b3c4d -Kind AnalyticsRules -Mode Skip

        Only analytics rules that are missing
    .INPUTS
        Objects with properties that have the names of parameters, such as the rows of other functions.
    .OUTPUTS
        SentinelManager.Outcome: TenantName, WorkspaceName, Action, Name, Id, State, Undo, Journal, Object, Error
    .NOTES
        Needs these actions of Azure: Microsoft.OperationalInsights/workspaces/tables/write, Microsoft.OperationalInsights/workspaces/savedSearches/write, Microsoft.OperationalInsights/workspaces/summaryLogs/write, Microsoft.Insights/dataCollectionRules/write, Microsoft.Insights/dataCollectionEndpoints/write, Microsoft.Insights/dataCollectionRuleAssociations/write, Microsoft.Insights/workbooks/write, Microsoft.SecurityInsights/watchlists/write, Microsoft.SecurityInsights/alertRules/write, Microsoft.SecurityInsights/automationRules/write, Microsoft.SecurityInsights/settings/write
    #>
    [CmdletBinding(PositionalBinding = $false, SupportsShouldProcess, ConfirmImpact = 'High')]
    [OutputType('SentinelManager.Outcome', 'SentinelManager.Plan')]
    param(
        [Parameter(Mandatory, Position = 0, ValueFromPipelineByPropertyName)]
        [Alias('FullName')]
        [string] $Path,

        [Parameter()]
        [ValidateSet('Tables', 'DataCollectionEndpoints', 'DataCollectionRules', 'Associations', 'Watchlists', 'SavedQueries', 'SummaryRules', 'AnalyticsRules', 'AutomationRules', 'Workbooks', 'Settings')]
        [string[]] $Kind,

        [Parameter()]
        [string] $Name,

        [Parameter()]
        [ValidateSet('Update', 'Skip', 'Fail')]
        [string] $Mode = 'Update',

        [Parameter()]
        [switch] $MoveAssociations,

        [Parameter(ValueFromPipelineByPropertyName)]
        [Alias('Workspace')]
        [SupportsWildcards()]
        [string[]] $WorkspaceName,

        [Parameter(ValueFromPipelineByPropertyName)]
        [Alias('ResourceGroup')]
        [string] $ResourceGroupName,

        [Parameter(ValueFromPipelineByPropertyName)]
        [string] $SubscriptionId,

        [Parameter(ValueFromPipelineByPropertyName)]
        [Alias('TenantName')]
        [string] $TenantId,

        [Parameter()]
        [switch] $NoCache,

        [Parameter(DontShow)]
        [bool] $ShowHeader,

        [Parameter()]
        [string] $PlanDigest,

        [Parameter()]
        [string] $ConfirmName
    )
    begin {
        $given = [string[]] $PSBoundParameters.Keys
    }
    process { WriteOperation 'Restore-SentinelWorkspace' $PSCmdlet $PSBoundParameters $given $_ }
}

function Test-SentinelBackup {
    <#
    .SYNOPSIS
        Compares the files of a backup with their hashes, and its objects with those of another backup.
    .DESCRIPTION
        Compares the files of a backup with their hashes, and its objects with those of another backup.
    .PARAMETER Path
        Folder of a backup below that of backups; of several backups of one workspace the latest.
    .PARAMETER CompareWith
        Folder of another backup: objects are compared, without what Azure sets by itself.
    .EXAMPLE
        Test-SentinelBackup -Path law-contoso_1a2b3c4d

        Is it whole?
    .EXAMPLE
        Test-SentinelBackup -Path law-contoso_1a2b3c4d/20260301T020000Z -CompareWith law-contoso_1a2b3c4d/20260302T020000Z | Where-Object State -ne same

        What changed between two
    .OUTPUTS
        SentinelManager.SentinelBackup: TenantName, WorkspaceName, Kind, Name, State, Detail
    #>
    [CmdletBinding(PositionalBinding = $false)]
    [OutputType('SentinelManager.SentinelBackup')]
    param(
        [Parameter(Mandatory, Position = 0, ValueFromPipelineByPropertyName)]
        [Alias('FullName')]
        [string] $Path,

        [Parameter()]
        [string] $CompareWith
    )
    begin {
        $given = [string[]] $PSBoundParameters.Keys
    }
    process {
        if (-not $script:callable -or $PSCmdlet.MyInvocation.ExpectingInput) {
            ReadOperation 'Test-SentinelBackup' 'SentinelManager.SentinelBackup' $PSCmdlet $PSBoundParameters $given $_
        }
        else {
            $order = @{ operation = 'Test-SentinelBackup'; step = 'read'; arguments = $PSBoundParameters }
            Invoke-HostFunction sentinel $order -Caller $PSCmdlet -TypeName 'SentinelManager.SentinelBackup' -Library $script:library
        }
    }
}

function Get-SentinelBackups {
    <#
    .SYNOPSIS
        Lists the whole backups below the folder of backups.
    .DESCRIPTION
        Lists the whole backups below the folder of backups.
    .PARAMETER Name
        Only backups of workspaces whose names fit this pattern (* and ?).
    .EXAMPLE
        Get-SentinelBackups

        All of them
    .OUTPUTS
        SentinelManager.SentinelBackups: TenantName, WorkspaceName, StartedAt, Objects, Bytes, Kinds, Path, WorkspaceId
    #>
    [CmdletBinding(PositionalBinding = $false)]
    [OutputType('SentinelManager.SentinelBackups')]
    param(
        [Parameter()]
        [string] $Name
    )
    begin {
        $given = [string[]] $PSBoundParameters.Keys
    }
    process {
        if (-not $script:callable -or $PSCmdlet.MyInvocation.ExpectingInput) {
            ReadOperation 'Get-SentinelBackups' 'SentinelManager.SentinelBackups' $PSCmdlet $PSBoundParameters $given $_
        }
        else {
            $order = @{ operation = 'Get-SentinelBackups'; step = 'read'; arguments = $PSBoundParameters }
            Invoke-HostFunction sentinel $order -Caller $PSCmdlet -TypeName 'SentinelManager.SentinelBackups' -Library $script:library
        }
    }
}

function Get-DataCollectionRules {
    <#
    .SYNOPSIS
        Lists the data collection rules that send to a workspace.
    .DESCRIPTION
        Lists the data collection rules that send to a workspace.
    .PARAMETER Name
        Only rules whose names fit this pattern (* and ?).
    .PARAMETER AllDestinations
        Those that send elsewhere too.
    .PARAMETER IncludeAssociations
        Adds the machines that each is associated with.
    .PARAMETER WorkspaceName
        Workspaces: name, resource id or customer id; several, or a pattern such as law-* or *.
    .PARAMETER ResourceGroupName
        Resource group of the workspace, where its name alone is ambiguous.
    .PARAMETER SubscriptionId
        Subscription of the workspace, where its name alone is ambiguous.
    .PARAMETER TenantId
        Tenant of the workspace: id or name.
    .PARAMETER TenantFilter
        Regular expression over names and ids of tenants; without WorkspaceName, all of their workspaces are meant.
    .PARAMETER Raw
        Answers the objects as Azure has them.
    .PARAMETER NoCache
        Asks Azure, whatever is in the cache.
    .PARAMETER ShowHeader
        Accepted and without effect, for scripts of the predecessor.
    .EXAMPLE
        Get-DataCollectionRules -WorkspaceName law-contoso

        All of them
    .INPUTS
        Objects with properties that have the names of parameters, such as the rows of other functions.
    .OUTPUTS
        SentinelManager.DataCollectionRules: DcrName, Kind, Description, Streams, OutputStreams, Transformations, Destinations, ImmutableId, LogsIngestion, DataCollectionEndpointId, Associations, Location, Etag, Id, TenantName, WorkspaceName
    .NOTES
        Needs these actions of Azure: Microsoft.Insights/dataCollectionRules/read
    #>
    [CmdletBinding(PositionalBinding = $false)]
    [Alias('get_datacollectionrules')]
    [OutputType('SentinelManager.DataCollectionRules')]
    param(
        [Parameter(ValueFromPipelineByPropertyName)]
        [Alias('DcrName')]
        [string] $Name,

        [Parameter()]
        [switch] $AllDestinations,

        [Parameter()]
        [switch] $IncludeAssociations,

        [Parameter(ValueFromPipelineByPropertyName)]
        [Alias('Workspace')]
        [SupportsWildcards()]
        [string[]] $WorkspaceName,

        [Parameter(ValueFromPipelineByPropertyName)]
        [Alias('ResourceGroup')]
        [string] $ResourceGroupName,

        [Parameter(ValueFromPipelineByPropertyName)]
        [string] $SubscriptionId,

        [Parameter(ValueFromPipelineByPropertyName)]
        [Alias('TenantName')]
        [string] $TenantId,

        [Parameter()]
        [string] $TenantFilter,

        [Parameter()]
        [switch] $Raw,

        [Parameter()]
        [switch] $NoCache,

        [Parameter(DontShow)]
        [bool] $ShowHeader
    )
    begin {
        $given = [string[]] $PSBoundParameters.Keys
    }
    process {
        if (-not $script:callable -or $PSCmdlet.MyInvocation.ExpectingInput -or $Raw) {
            ReadOperation 'Get-DataCollectionRules' 'SentinelManager.DataCollectionRules' $PSCmdlet $PSBoundParameters $given $_
        }
        else {
            $order = @{ operation = 'Get-DataCollectionRules'; step = 'read'; arguments = $PSBoundParameters }
            Invoke-HostFunction sentinel $order -Caller $PSCmdlet -TypeName 'SentinelManager.DataCollectionRules' -Library $script:library
        }
    }
}

function Get-DataCollectionEndpoints {
    <#
    .SYNOPSIS
        Lists the data collection endpoints of a workspace's subscription.
    .DESCRIPTION
        Lists the data collection endpoints of a workspace's subscription.
    .PARAMETER Name
        Only endpoints whose names fit this pattern (* and ?).
    .PARAMETER WorkspaceName
        Workspaces: name, resource id or customer id; several, or a pattern such as law-* or *.
    .PARAMETER ResourceGroupName
        Resource group of the workspace, where its name alone is ambiguous.
    .PARAMETER SubscriptionId
        Subscription of the workspace, where its name alone is ambiguous.
    .PARAMETER TenantId
        Tenant of the workspace: id or name.
    .PARAMETER TenantFilter
        Regular expression over names and ids of tenants; without WorkspaceName, all of their workspaces are meant.
    .PARAMETER Raw
        Answers the objects as Azure has them.
    .PARAMETER NoCache
        Asks Azure, whatever is in the cache.
    .PARAMETER ShowHeader
        Accepted and without effect, for scripts of the predecessor.
    .EXAMPLE
        Get-DataCollectionEndpoints -WorkspaceName law-contoso

        All of them
    .INPUTS
        Objects with properties that have the names of parameters, such as the rows of other functions.
    .OUTPUTS
        SentinelManager.DataCollectionEndpoints: DceName, Description, LogsIngestion, ConfigurationAccess, PublicNetworkAccess, Location, Etag, Id, TenantName, WorkspaceName
    .NOTES
        Needs these actions of Azure: Microsoft.Insights/dataCollectionEndpoints/read
    #>
    [CmdletBinding(PositionalBinding = $false)]
    [Alias('get_datacollectionendpoints')]
    [OutputType('SentinelManager.DataCollectionEndpoints')]
    param(
        [Parameter(ValueFromPipelineByPropertyName)]
        [Alias('DceName')]
        [string] $Name,

        [Parameter(ValueFromPipelineByPropertyName)]
        [Alias('Workspace')]
        [SupportsWildcards()]
        [string[]] $WorkspaceName,

        [Parameter(ValueFromPipelineByPropertyName)]
        [Alias('ResourceGroup')]
        [string] $ResourceGroupName,

        [Parameter(ValueFromPipelineByPropertyName)]
        [string] $SubscriptionId,

        [Parameter(ValueFromPipelineByPropertyName)]
        [Alias('TenantName')]
        [string] $TenantId,

        [Parameter()]
        [string] $TenantFilter,

        [Parameter()]
        [switch] $Raw,

        [Parameter()]
        [switch] $NoCache,

        [Parameter(DontShow)]
        [bool] $ShowHeader
    )
    begin {
        $given = [string[]] $PSBoundParameters.Keys
    }
    process {
        if (-not $script:callable -or $PSCmdlet.MyInvocation.ExpectingInput -or $Raw) {
            ReadOperation 'Get-DataCollectionEndpoints' 'SentinelManager.DataCollectionEndpoints' $PSCmdlet $PSBoundParameters $given $_
        }
        else {
            $order = @{ operation = 'Get-DataCollectionEndpoints'; step = 'read'; arguments = $PSBoundParameters }
            Invoke-HostFunction sentinel $order -Caller $PSCmdlet -TypeName 'SentinelManager.DataCollectionEndpoints' -Library $script:library
        }
    }
}

function New-DCRForTable {
    <#
    .SYNOPSIS
        Creates a data collection rule that brings records into a table.
    .DESCRIPTION
        Creates a data collection rule that brings records into a table. It can be undone exactly. It is planned first; -WhatIf shows the plan and does nothing.
    .PARAMETER TableName
        The table.
    .PARAMETER DcrName
        The rule's name; dcr- and the table's unless given.
    .PARAMETER DceName
        Name of the endpoint; without one, the rule has an address of its own.
    .PARAMETER DceId
        Id of the endpoint, instead of its name.
    .PARAMETER TransformKql
        The transformation, in KQL; 'source' if it is not given.
    .PARAMETER StreamName
        Name of the stream; Custom- and the table's unless given.
    .PARAMETER Location
        The region; the workspace's unless given.
    .PARAMETER WorkspaceName
        Workspaces: name, resource id or customer id; several, or a pattern such as law-* or *.
    .PARAMETER ResourceGroupName
        Resource group of the workspace, where its name alone is ambiguous.
    .PARAMETER SubscriptionId
        Subscription of the workspace, where its name alone is ambiguous.
    .PARAMETER TenantId
        Tenant of the workspace: id or name.
    .PARAMETER NoCache
        Asks Azure, whatever is in the cache.
    .PARAMETER ShowHeader
        Accepted and without effect, for scripts of the predecessor.
    .PARAMETER PlanDigest
        Digest of a plan that -WhatIf showed: it is done only if it is still that plan.
    .PARAMETER ConfirmName
        Name of what is ended, for what cannot be undone. Without it, it is asked for where somebody can answer.
    .EXAMPLE
        New-DCRForTable -WorkspaceName law-contoso -TableName Firewall_CL

        Without an endpoint of its own
    .INPUTS
        Objects with properties that have the names of parameters, such as the rows of other functions.
    .OUTPUTS
        SentinelManager.Outcome: TenantName, WorkspaceName, Action, Name, Id, State, Undo, Journal, Object, Error
    .NOTES
        Needs these actions of Azure: Microsoft.Insights/dataCollectionRules/write, Microsoft.Insights/dataCollectionEndpoints/read, Microsoft.OperationalInsights/workspaces/tables/read
    #>
    [CmdletBinding(PositionalBinding = $false, SupportsShouldProcess, ConfirmImpact = 'Medium')]
    [Alias('new_dcrfortable')]
    [OutputType('SentinelManager.Outcome', 'SentinelManager.Plan')]
    param(
        [Parameter(Mandatory, Position = 0, ValueFromPipelineByPropertyName)]
        [string] $TableName,

        [Parameter(ValueFromPipelineByPropertyName)]
        [string] $DcrName,

        [Parameter(ValueFromPipelineByPropertyName)]
        [string] $DceName,

        [Parameter(ValueFromPipelineByPropertyName)]
        [string] $DceId,

        [Parameter(ValueFromPipelineByPropertyName)]
        [string] $TransformKql = 'source',

        [Parameter(ValueFromPipelineByPropertyName)]
        [string] $StreamName,

        [Parameter(ValueFromPipelineByPropertyName)]
        [string] $Location,

        [Parameter(ValueFromPipelineByPropertyName)]
        [Alias('Workspace')]
        [SupportsWildcards()]
        [string[]] $WorkspaceName,

        [Parameter(ValueFromPipelineByPropertyName)]
        [Alias('ResourceGroup')]
        [string] $ResourceGroupName,

        [Parameter(ValueFromPipelineByPropertyName)]
        [string] $SubscriptionId,

        [Parameter(ValueFromPipelineByPropertyName)]
        [Alias('TenantName')]
        [string] $TenantId,

        [Parameter()]
        [switch] $NoCache,

        [Parameter(DontShow)]
        [bool] $ShowHeader,

        [Parameter()]
        [string] $PlanDigest,

        [Parameter()]
        [string] $ConfirmName
    )
    begin {
        $given = [string[]] $PSBoundParameters.Keys
    }
    process { WriteOperation 'New-DCRForTable' $PSCmdlet $PSBoundParameters $given $_ }
}

function New-StandaloneDCR {
    <#
    .SYNOPSIS
        Creates a data collection rule from a definition or for one kind of source.
    .DESCRIPTION
        Creates a data collection rule from a definition or for one kind of source. It can be undone exactly. It is planned first; -WhatIf shows the plan and does nothing.
    .PARAMETER DcrName
        The rule's name.
    .PARAMETER Kind
        For what kind of machines. One of: Windows, Linux, Direct.
    .PARAMETER Definition
        The whole rule, or its properties, as an object.
    .PARAMETER FromFile
        A file below the folder of backups with the rule, instead of Definition: JSON as Azure has it, an ARM template, or YAML.
    .PARAMETER DataSourceType
        What is collected, instead of Definition. One of: WindowsEventLogs, Syslog, PerformanceCounters, LogFiles, IisLogs.
    .PARAMETER XPathQueries
        Of Windows events: XPath queries.
    .PARAMETER FacilityNames
        Of syslog: facilities.
    .PARAMETER LogLevels
        Of syslog: levels.
    .PARAMETER CounterSpecifiers
        Of performance counters: their paths.
    .PARAMETER SamplingFrequencyInSeconds
        Of performance counters: seconds between two samples.
    .PARAMETER FilePatterns
        Of log files: patterns of their paths.
    .PARAMETER Streams
        Streams, where the usual one does not do.
    .PARAMETER TransformKql
        The transformation, in KQL.
    .PARAMETER Location
        The region; the workspace's unless given.
    .PARAMETER WorkspaceName
        Workspaces: name, resource id or customer id; several, or a pattern such as law-* or *.
    .PARAMETER ResourceGroupName
        Resource group of the workspace, where its name alone is ambiguous.
    .PARAMETER SubscriptionId
        Subscription of the workspace, where its name alone is ambiguous.
    .PARAMETER TenantId
        Tenant of the workspace: id or name.
    .PARAMETER NoCache
        Asks Azure, whatever is in the cache.
    .PARAMETER ShowHeader
        Accepted and without effect, for scripts of the predecessor.
    .PARAMETER PlanDigest
        Digest of a plan that -WhatIf showed: it is done only if it is still that plan.
    .PARAMETER ConfirmName
        Name of what is ended, for what cannot be undone. Without it, it is asked for where somebody can answer.
    .EXAMPLE
        New-StandaloneDCR -WorkspaceName law-contoso -DcrName dcr-windows -Kind Windows -DataSourceType WindowsEventLogs -XPathQueries 'Security!*'

        Security events of Windows
    .INPUTS
        Objects with properties that have the names of parameters, such as the rows of other functions.
    .OUTPUTS
        SentinelManager.Outcome: TenantName, WorkspaceName, Action, Name, Id, State, Undo, Journal, Object, Error
    .NOTES
        Needs these actions of Azure: Microsoft.Insights/dataCollectionRules/read, Microsoft.Insights/dataCollectionRules/write
    #>
    [CmdletBinding(PositionalBinding = $false, SupportsShouldProcess, ConfirmImpact = 'Medium')]
    [Alias('new_standalonedcr')]
    [OutputType('SentinelManager.Outcome', 'SentinelManager.Plan')]
    param(
        [Parameter(Mandatory, Position = 0, ValueFromPipelineByPropertyName)]
        [Alias('Name')]
        [ValidatePattern('^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$', Options = 'None')]
        [string] $DcrName,

        [Parameter(ValueFromPipelineByPropertyName)]
        [ValidateSet('Windows', 'Linux', 'Direct')]
        [string] $Kind,

        [Parameter(ValueFromPipelineByPropertyName)]
        [object] $Definition,

        [Parameter(ValueFromPipelineByPropertyName)]
        [string] $FromFile,

        [Parameter(ValueFromPipelineByPropertyName)]
        [ValidateSet('WindowsEventLogs', 'Syslog', 'PerformanceCounters', 'LogFiles', 'IisLogs')]
        [string] $DataSourceType,

        [Parameter(ValueFromPipelineByPropertyName)]
        [string[]] $XPathQueries,

        [Parameter(ValueFromPipelineByPropertyName)]
        [string[]] $FacilityNames,

        [Parameter(ValueFromPipelineByPropertyName)]
        [string[]] $LogLevels,

        [Parameter(ValueFromPipelineByPropertyName)]
        [string[]] $CounterSpecifiers,

        [Parameter(ValueFromPipelineByPropertyName)]
        [ValidateRange([int] 1, [int] 1800)]
        [int] $SamplingFrequencyInSeconds,

        [Parameter(ValueFromPipelineByPropertyName)]
        [string[]] $FilePatterns,

        [Parameter(ValueFromPipelineByPropertyName)]
        [string[]] $Streams,

        [Parameter(ValueFromPipelineByPropertyName)]
        [string] $TransformKql,

        [Parameter(ValueFromPipelineByPropertyName)]
        [string] $Location,

        [Parameter(ValueFromPipelineByPropertyName)]
        [Alias('Workspace')]
        [SupportsWildcards()]
        [string[]] $WorkspaceName,

        [Parameter(ValueFromPipelineByPropertyName)]
        [Alias('ResourceGroup')]
        [string] $ResourceGroupName,

        [Parameter(ValueFromPipelineByPropertyName)]
        [string] $SubscriptionId,

        [Parameter(ValueFromPipelineByPropertyName)]
        [Alias('TenantName')]
        [string] $TenantId,

        [Parameter()]
        [switch] $NoCache,

        [Parameter(DontShow)]
        [bool] $ShowHeader,

        [Parameter()]
        [string] $PlanDigest,

        [Parameter()]
        [string] $ConfirmName
    )
    begin {
        $given = [string[]] $PSBoundParameters.Keys
    }
    process { WriteOperation 'New-StandaloneDCR' $PSCmdlet $PSBoundParameters $given $_ }
}

function New-StandaloneDCE {
    <#
    .SYNOPSIS
        Creates a data collection endpoint.
    .DESCRIPTION
        Creates a data collection endpoint. It can be undone exactly. It is planned first; -WhatIf shows the plan and does nothing.
    .PARAMETER DceName
        The endpoint's name.
    .PARAMETER Location
        The region; the workspace's unless given.
    .PARAMETER PublicNetworkAccess
        Who may reach it; 'Enabled' if it is not given. One of: Enabled, Disabled, SecuredByPerimeter.
    .PARAMETER Kind
        For what kind of machines: Windows or Linux.
    .PARAMETER WorkspaceName
        Workspaces: name, resource id or customer id; several, or a pattern such as law-* or *.
    .PARAMETER ResourceGroupName
        Resource group of the workspace, where its name alone is ambiguous.
    .PARAMETER SubscriptionId
        Subscription of the workspace, where its name alone is ambiguous.
    .PARAMETER TenantId
        Tenant of the workspace: id or name.
    .PARAMETER NoCache
        Asks Azure, whatever is in the cache.
    .PARAMETER ShowHeader
        Accepted and without effect, for scripts of the predecessor.
    .PARAMETER PlanDigest
        Digest of a plan that -WhatIf showed: it is done only if it is still that plan.
    .PARAMETER ConfirmName
        Name of what is ended, for what cannot be undone. Without it, it is asked for where somebody can answer.
    .EXAMPLE
        New-StandaloneDCE -WorkspaceName law-contoso -DceName dce-soc

        One for the SOC
    .INPUTS
        Objects with properties that have the names of parameters, such as the rows of other functions.
    .OUTPUTS
        SentinelManager.Outcome: TenantName, WorkspaceName, Action, Name, Id, State, Undo, Journal, Object, Error
    .NOTES
        Needs these actions of Azure: Microsoft.Insights/dataCollectionEndpoints/read, Microsoft.Insights/dataCollectionEndpoints/write
    #>
    [CmdletBinding(PositionalBinding = $false, SupportsShouldProcess, ConfirmImpact = 'Medium')]
    [Alias('new_standalonedce')]
    [OutputType('SentinelManager.Outcome', 'SentinelManager.Plan')]
    param(
        [Parameter(Mandatory, Position = 0, ValueFromPipelineByPropertyName)]
        [Alias('Name')]
        [ValidatePattern('^[A-Za-z0-9][A-Za-z0-9_.-]{2,43}$', Options = 'None')]
        [string] $DceName,

        [Parameter(ValueFromPipelineByPropertyName)]
        [string] $Location,

        [Parameter(ValueFromPipelineByPropertyName)]
        [ValidateSet('Enabled', 'Disabled', 'SecuredByPerimeter')]
        [string] $PublicNetworkAccess = 'Enabled',

        [Parameter(ValueFromPipelineByPropertyName)]
        [string] $Kind,

        [Parameter(ValueFromPipelineByPropertyName)]
        [Alias('Workspace')]
        [SupportsWildcards()]
        [string[]] $WorkspaceName,

        [Parameter(ValueFromPipelineByPropertyName)]
        [Alias('ResourceGroup')]
        [string] $ResourceGroupName,

        [Parameter(ValueFromPipelineByPropertyName)]
        [string] $SubscriptionId,

        [Parameter(ValueFromPipelineByPropertyName)]
        [Alias('TenantName')]
        [string] $TenantId,

        [Parameter()]
        [switch] $NoCache,

        [Parameter(DontShow)]
        [bool] $ShowHeader,

        [Parameter()]
        [string] $PlanDigest,

        [Parameter()]
        [string] $ConfirmName
    )
    begin {
        $given = [string[]] $PSBoundParameters.Keys
    }
    process { WriteOperation 'New-StandaloneDCE' $PSCmdlet $PSBoundParameters $given $_ }
}

function Remove-DataCollectionRule {
    <#
    .SYNOPSIS
        Removes a data collection rule.
    .DESCRIPTION
        Removes a data collection rule. Undoing makes the rule again under a new immutable id, which senders have to be told; associations do not come back. It can be undone, with traces. It is planned first; -WhatIf shows the plan and does nothing.
    .PARAMETER DcrName
        The rule's name.
    .PARAMETER DeleteAssociations
        Removes its associations with machines too.
    .PARAMETER Force
        Does not ask; the plan and its digest are needed all the same.
    .PARAMETER BackupPath
        Folder below that of backups in which it is written to a file first.
    .PARAMETER WorkspaceName
        Workspaces: name, resource id or customer id; several, or a pattern such as law-* or *.
    .PARAMETER ResourceGroupName
        Resource group of the workspace, where its name alone is ambiguous.
    .PARAMETER SubscriptionId
        Subscription of the workspace, where its name alone is ambiguous.
    .PARAMETER TenantId
        Tenant of the workspace: id or name.
    .PARAMETER NoCache
        Asks Azure, whatever is in the cache.
    .PARAMETER ShowHeader
        Accepted and without effect, for scripts of the predecessor.
    .PARAMETER PlanDigest
        Digest of a plan that -WhatIf showed: it is done only if it is still that plan.
    .PARAMETER ConfirmName
        Name of what is ended, for what cannot be undone. Without it, it is asked for where somebody can answer.
    .EXAMPLE
        Remove-DataCollectionRule -WorkspaceName law-contoso -DcrName dcr-firewall -WhatIf

        By name
    .INPUTS
        Objects with properties that have the names of parameters, such as the rows of other functions.
    .OUTPUTS
        SentinelManager.Outcome: TenantName, WorkspaceName, Action, Name, Id, State, Undo, Journal, Object, Error
    .NOTES
        Needs these actions of Azure: Microsoft.Insights/dataCollectionRules/read, Microsoft.Insights/dataCollectionRules/delete
    #>
    [CmdletBinding(PositionalBinding = $false, SupportsShouldProcess, ConfirmImpact = 'High')]
    [Alias('remove_datacollectionrule')]
    [OutputType('SentinelManager.Outcome', 'SentinelManager.Plan')]
    param(
        [Parameter(Mandatory, Position = 0, ValueFromPipelineByPropertyName)]
        [Alias('Name')]
        [string] $DcrName,

        [Parameter()]
        [switch] $DeleteAssociations,

        [Parameter()]
        [switch] $Force,

        [Parameter()]
        [string] $BackupPath,

        [Parameter(ValueFromPipelineByPropertyName)]
        [Alias('Workspace')]
        [SupportsWildcards()]
        [string[]] $WorkspaceName,

        [Parameter(ValueFromPipelineByPropertyName)]
        [Alias('ResourceGroup')]
        [string] $ResourceGroupName,

        [Parameter(ValueFromPipelineByPropertyName)]
        [string] $SubscriptionId,

        [Parameter(ValueFromPipelineByPropertyName)]
        [Alias('TenantName')]
        [string] $TenantId,

        [Parameter()]
        [switch] $NoCache,

        [Parameter(DontShow)]
        [bool] $ShowHeader,

        [Parameter()]
        [string] $PlanDigest,

        [Parameter()]
        [string] $ConfirmName
    )
    begin {
        $given = [string[]] $PSBoundParameters.Keys
        if ($Force -and -not $PSBoundParameters.ContainsKey('Confirm')) { $ConfirmPreference = 'None' }
    }
    process { WriteOperation 'Remove-DataCollectionRule' $PSCmdlet $PSBoundParameters $given $_ }
}

function Remove-DataCollectionEndpoint {
    <#
    .SYNOPSIS
        Removes a data collection endpoint that no rule uses.
    .DESCRIPTION
        Removes a data collection endpoint that no rule uses. Undoing makes it again with other addresses. It can be undone, with traces. It is planned first; -WhatIf shows the plan and does nothing.
    .PARAMETER DceName
        The endpoint's name.
    .PARAMETER Force
        Does not ask; the plan and its digest are needed all the same.
    .PARAMETER WorkspaceName
        Workspaces: name, resource id or customer id; several, or a pattern such as law-* or *.
    .PARAMETER ResourceGroupName
        Resource group of the workspace, where its name alone is ambiguous.
    .PARAMETER SubscriptionId
        Subscription of the workspace, where its name alone is ambiguous.
    .PARAMETER TenantId
        Tenant of the workspace: id or name.
    .PARAMETER NoCache
        Asks Azure, whatever is in the cache.
    .PARAMETER ShowHeader
        Accepted and without effect, for scripts of the predecessor.
    .PARAMETER PlanDigest
        Digest of a plan that -WhatIf showed: it is done only if it is still that plan.
    .PARAMETER ConfirmName
        Name of what is ended, for what cannot be undone. Without it, it is asked for where somebody can answer.
    .EXAMPLE
        Remove-DataCollectionEndpoint -WorkspaceName law-contoso -DceName dce-soc -WhatIf

        By name
    .INPUTS
        Objects with properties that have the names of parameters, such as the rows of other functions.
    .OUTPUTS
        SentinelManager.Outcome: TenantName, WorkspaceName, Action, Name, Id, State, Undo, Journal, Object, Error
    .NOTES
        Needs these actions of Azure: Microsoft.Insights/dataCollectionEndpoints/read, Microsoft.Insights/dataCollectionEndpoints/delete
    #>
    [CmdletBinding(PositionalBinding = $false, SupportsShouldProcess, ConfirmImpact = 'High')]
    [Alias('remove_datacollectionendpoint')]
    [OutputType('SentinelManager.Outcome', 'SentinelManager.Plan')]
    param(
        [Parameter(Mandatory, Position = 0, ValueFromPipelineByPropertyName)]
        [Alias('Name')]
        [string] $DceName,

        [Parameter()]
        [switch] $Force,

        [Parameter(ValueFromPipelineByPropertyName)]
        [Alias('Workspace')]
        [SupportsWildcards()]
        [string[]] $WorkspaceName,

        [Parameter(ValueFromPipelineByPropertyName)]
        [Alias('ResourceGroup')]
        [string] $ResourceGroupName,

        [Parameter(ValueFromPipelineByPropertyName)]
        [string] $SubscriptionId,

        [Parameter(ValueFromPipelineByPropertyName)]
        [Alias('TenantName')]
        [string] $TenantId,

        [Parameter()]
        [switch] $NoCache,

        [Parameter(DontShow)]
        [bool] $ShowHeader,

        [Parameter()]
        [string] $PlanDigest,

        [Parameter()]
        [string] $ConfirmName
    )
    begin {
        $given = [string[]] $PSBoundParameters.Keys
        if ($Force -and -not $PSBoundParameters.ContainsKey('Confirm')) { $ConfirmPreference = 'None' }
    }
    process { WriteOperation 'Remove-DataCollectionEndpoint' $PSCmdlet $PSBoundParameters $given $_ }
}

function Update-DCRTransformation {
    <#
    .SYNOPSIS
        Changes the transformation of a data collection rule.
    .DESCRIPTION
        Changes the transformation of a data collection rule. Records that a transformation drops are lost. With TestQuery it is tried on rows of the table first. It can be undone exactly. It is planned first; -WhatIf shows the plan and does nothing.
    .PARAMETER DcrName
        The rule's name.
    .PARAMETER TransformKql
        The transformation, in KQL: it begins with source.
    .PARAMETER Stream
        The stream whose flow is meant, where there are several.
    .PARAMETER FlowIndex
        The flow that is meant, from 0, where there are several.
    .PARAMETER TestQuery
        Tries it on ten rows of the table first.
    .PARAMETER WorkspaceName
        Workspaces: name, resource id or customer id; several, or a pattern such as law-* or *.
    .PARAMETER ResourceGroupName
        Resource group of the workspace, where its name alone is ambiguous.
    .PARAMETER SubscriptionId
        Subscription of the workspace, where its name alone is ambiguous.
    .PARAMETER TenantId
        Tenant of the workspace: id or name.
    .PARAMETER NoCache
        Asks Azure, whatever is in the cache.
    .PARAMETER ShowHeader
        Accepted and without effect, for scripts of the predecessor.
    .PARAMETER PlanDigest
        Digest of a plan that -WhatIf showed: it is done only if it is still that plan.
    .PARAMETER ConfirmName
        Name of what is ended, for what cannot be undone. Without it, it is asked for where somebody can answer.
    .EXAMPLE
        Update-DCRTransformation -WorkspaceName law-contoso -DcrName dcr-firewall -TransformKql "source | where Action != 'allow'" -TestQuery

        Drop what is allowed
    .INPUTS
        Objects with properties that have the names of parameters, such as the rows of other functions.
    .OUTPUTS
        SentinelManager.Outcome: TenantName, WorkspaceName, Action, Name, Id, State, Undo, Journal, Object, Error
    .NOTES
        Needs these actions of Azure: Microsoft.Insights/dataCollectionRules/read, Microsoft.Insights/dataCollectionRules/write
    #>
    [CmdletBinding(PositionalBinding = $false, SupportsShouldProcess, ConfirmImpact = 'High')]
    [Alias('update_dcrtransformation')]
    [OutputType('SentinelManager.Outcome', 'SentinelManager.Plan')]
    param(
        [Parameter(Mandatory, Position = 0, ValueFromPipelineByPropertyName)]
        [string] $DcrName,

        [Parameter(Mandatory)]
        [ValidateLength(1, 15360)]
        [string] $TransformKql,

        [Parameter()]
        [string] $Stream,

        [Parameter()]
        [ValidateRange([int] 0, [int] 100)]
        [int] $FlowIndex,

        [Parameter()]
        [switch] $TestQuery,

        [Parameter(ValueFromPipelineByPropertyName)]
        [Alias('Workspace')]
        [SupportsWildcards()]
        [string[]] $WorkspaceName,

        [Parameter(ValueFromPipelineByPropertyName)]
        [Alias('ResourceGroup')]
        [string] $ResourceGroupName,

        [Parameter(ValueFromPipelineByPropertyName)]
        [string] $SubscriptionId,

        [Parameter(ValueFromPipelineByPropertyName)]
        [Alias('TenantName')]
        [string] $TenantId,

        [Parameter()]
        [switch] $NoCache,

        [Parameter(DontShow)]
        [bool] $ShowHeader,

        [Parameter()]
        [string] $PlanDigest,

        [Parameter()]
        [string] $ConfirmName
    )
    begin {
        $given = [string[]] $PSBoundParameters.Keys
    }
    process { WriteOperation 'Update-DCRTransformation' $PSCmdlet $PSBoundParameters $given $_ }
}

function Add-DCRDataSource {
    <#
    .SYNOPSIS
        Adds a source and its flow to a data collection rule.
    .DESCRIPTION
        Adds a source and its flow to a data collection rule. It can be undone exactly. It is planned first; -WhatIf shows the plan and does nothing.
    .PARAMETER DcrName
        The rule's name.
    .PARAMETER DataSourceType
        What is collected. One of: WindowsEventLogs, Syslog, PerformanceCounters, LogFiles, IisLogs.
    .PARAMETER Name
        Name of the source within the rule.
    .PARAMETER XPathQueries
        Of Windows events: XPath queries.
    .PARAMETER FacilityNames
        Of syslog: facilities.
    .PARAMETER LogLevels
        Of syslog: levels.
    .PARAMETER CounterSpecifiers
        Of performance counters: their paths.
    .PARAMETER SamplingFrequencyInSeconds
        Of performance counters: seconds between two samples.
    .PARAMETER FilePatterns
        Of log files: patterns of their paths.
    .PARAMETER Streams
        Streams, where the usual one does not do.
    .PARAMETER Destination
        Destination within the rule; the first that is this workspace unless given.
    .PARAMETER TransformKql
        The transformation, in KQL.
    .PARAMETER WorkspaceName
        Workspaces: name, resource id or customer id; several, or a pattern such as law-* or *.
    .PARAMETER ResourceGroupName
        Resource group of the workspace, where its name alone is ambiguous.
    .PARAMETER SubscriptionId
        Subscription of the workspace, where its name alone is ambiguous.
    .PARAMETER TenantId
        Tenant of the workspace: id or name.
    .PARAMETER NoCache
        Asks Azure, whatever is in the cache.
    .PARAMETER ShowHeader
        Accepted and without effect, for scripts of the predecessor.
    .PARAMETER PlanDigest
        Digest of a plan that -WhatIf showed: it is done only if it is still that plan.
    .PARAMETER ConfirmName
        Name of what is ended, for what cannot be undone. Without it, it is asked for where somebody can answer.
    .EXAMPLE
        Add-DCRDataSource -WorkspaceName law-contoso -DcrName dcr-linux -DataSourceType Syslog -FacilityNames auth,authpriv -LogLevels Warning,Error

        Syslog of logins
    .INPUTS
        Objects with properties that have the names of parameters, such as the rows of other functions.
    .OUTPUTS
        SentinelManager.Outcome: TenantName, WorkspaceName, Action, Name, Id, State, Undo, Journal, Object, Error
    .NOTES
        Needs these actions of Azure: Microsoft.Insights/dataCollectionRules/read, Microsoft.Insights/dataCollectionRules/write
    #>
    [CmdletBinding(PositionalBinding = $false, SupportsShouldProcess, ConfirmImpact = 'Medium')]
    [Alias('add_dcrdatasource')]
    [OutputType('SentinelManager.Outcome', 'SentinelManager.Plan')]
    param(
        [Parameter(Mandatory, Position = 0, ValueFromPipelineByPropertyName)]
        [string] $DcrName,

        [Parameter(Mandatory)]
        [ValidateSet('WindowsEventLogs', 'Syslog', 'PerformanceCounters', 'LogFiles', 'IisLogs')]
        [string] $DataSourceType,

        [Parameter(ValueFromPipelineByPropertyName)]
        [string] $Name,

        [Parameter()]
        [string[]] $XPathQueries,

        [Parameter()]
        [string[]] $FacilityNames,

        [Parameter()]
        [string[]] $LogLevels,

        [Parameter()]
        [string[]] $CounterSpecifiers,

        [Parameter()]
        [ValidateRange([int] 1, [int] 1800)]
        [int] $SamplingFrequencyInSeconds,

        [Parameter()]
        [string[]] $FilePatterns,

        [Parameter()]
        [string[]] $Streams,

        [Parameter()]
        [string] $Destination,

        [Parameter()]
        [string] $TransformKql,

        [Parameter(ValueFromPipelineByPropertyName)]
        [Alias('Workspace')]
        [SupportsWildcards()]
        [string[]] $WorkspaceName,

        [Parameter(ValueFromPipelineByPropertyName)]
        [Alias('ResourceGroup')]
        [string] $ResourceGroupName,

        [Parameter(ValueFromPipelineByPropertyName)]
        [string] $SubscriptionId,

        [Parameter(ValueFromPipelineByPropertyName)]
        [Alias('TenantName')]
        [string] $TenantId,

        [Parameter()]
        [switch] $NoCache,

        [Parameter(DontShow)]
        [bool] $ShowHeader,

        [Parameter()]
        [string] $PlanDigest,

        [Parameter()]
        [string] $ConfirmName
    )
    begin {
        $given = [string[]] $PSBoundParameters.Keys
    }
    process { WriteOperation 'Add-DCRDataSource' $PSCmdlet $PSBoundParameters $given $_ }
}

function Test-DCRIngestion {
    <#
    .SYNOPSIS
        Sends a record to a data collection rule and, if wanted, waits until it can be queried.
    .DESCRIPTION
        Sends a record to a data collection rule and, if wanted, waits until it can be queried. The record stays in the table. Its plan checks the stream and shows the record without sending it. Accepted does not mean arrived: a transformation may drop it. It cannot be undone: the name of what it ends is wanted in ConfirmName. It is planned first; -WhatIf shows the plan and does nothing.
    .PARAMETER DcrName
        The rule's name.
    .PARAMETER StreamName
        The stream, where the rule declares several.
    .PARAMETER Record
        The record; one is made from the declaration if there is none.
    .PARAMETER WaitForData
        Waits until the record can be queried.
    .PARAMETER TimeoutSec
        Seconds to wait for that at most; 600 if it is not given.
    .PARAMETER DryRun
        Sends nothing: holds the record against the stream, and looks whether this identity may send.
    .PARAMETER WorkspaceName
        Workspaces: name, resource id or customer id; several, or a pattern such as law-* or *.
    .PARAMETER ResourceGroupName
        Resource group of the workspace, where its name alone is ambiguous.
    .PARAMETER SubscriptionId
        Subscription of the workspace, where its name alone is ambiguous.
    .PARAMETER TenantId
        Tenant of the workspace: id or name.
    .PARAMETER NoCache
        Asks Azure, whatever is in the cache.
    .PARAMETER ShowHeader
        Accepted and without effect, for scripts of the predecessor.
    .PARAMETER PlanDigest
        Digest of a plan that -WhatIf showed: it is done only if it is still that plan.
    .PARAMETER ConfirmName
        Name of what is ended, for what cannot be undone. Without it, it is asked for where somebody can answer.
    .EXAMPLE
        Test-DCRIngestion -WorkspaceName law-contoso -DcrName dcr-firewall -WaitForData

        To the end
    .INPUTS
        Objects with properties that have the names of parameters, such as the rows of other functions.
    .OUTPUTS
        SentinelManager.Outcome: TenantName, WorkspaceName, Action, Name, Id, State, Undo, Journal, Object, Error
    .NOTES
        Needs these actions of Azure: Microsoft.Insights/dataCollectionRules/read, Microsoft.Insights/Telemetry/Write
    #>
    [CmdletBinding(PositionalBinding = $false, SupportsShouldProcess, ConfirmImpact = 'High')]
    [Alias('test_dcringestion')]
    [OutputType('SentinelManager.Outcome', 'SentinelManager.Plan')]
    param(
        [Parameter(Mandatory, Position = 0, ValueFromPipelineByPropertyName)]
        [string] $DcrName,

        [Parameter(ValueFromPipelineByPropertyName)]
        [string] $StreamName,

        [Parameter()]
        [object] $Record,

        [Parameter()]
        [switch] $WaitForData,

        [Parameter()]
        [ValidateRange([int] 1, [int] 3600)]
        [int] $TimeoutSec = 600,

        [Parameter()]
        [switch] $DryRun,

        [Parameter(ValueFromPipelineByPropertyName)]
        [Alias('Workspace')]
        [SupportsWildcards()]
        [string[]] $WorkspaceName,

        [Parameter(ValueFromPipelineByPropertyName)]
        [Alias('ResourceGroup')]
        [string] $ResourceGroupName,

        [Parameter(ValueFromPipelineByPropertyName)]
        [string] $SubscriptionId,

        [Parameter(ValueFromPipelineByPropertyName)]
        [Alias('TenantName')]
        [string] $TenantId,

        [Parameter()]
        [switch] $NoCache,

        [Parameter(DontShow)]
        [bool] $ShowHeader,

        [Parameter()]
        [string] $PlanDigest,

        [Parameter()]
        [string] $ConfirmName
    )
    begin {
        $given = [string[]] $PSBoundParameters.Keys
    }
    process { WriteOperation 'Test-DCRIngestion' $PSCmdlet $PSBoundParameters $given $_ }
}

Export-ModuleMember -Function Get-SentinelWorkspaces, Get-SentinelWorkspaceNames, Test-SentinelHealth, Test-SentinelPermission, Test-SentinelContent, New-SentinelTable, Get-SentinelTables, Remove-SentinelTable, Update-TablePlan, Update-TableRetention, Get-TableRetention, Get-AnalyticsRules, Get-AnalyticsRuleDetails, Enable-AnalyticsRule, Disable-AnalyticsRule, Remove-AnalyticsRule, New-AnalyticsRule, Get-SentinelIncidents, Show-IncidentDetails, Close-SentinelIncident, Set-IncidentOwner, Add-IncidentComment, Get-IncidentComments, Invoke-SentinelQuery, Get-SentinelWorkbooks, Get-WorkbookDetails, Remove-SentinelWorkbook, Export-SentinelWorkbook, Import-SentinelWorkbook, Export-AllWorkbooks, Export-AnalyticsRules, Export-AutomationRules, Export-Watchlists, Export-Functions, Export-SavedQueries, Export-TableData, Import-AnalyticsRules, Import-AutomationRules, Import-Watchlists, Import-SavedQueries, Backup-SentinelWorkspace, Restore-SentinelWorkspace, Test-SentinelBackup, Get-SentinelBackups, Get-DataCollectionRules, Get-DataCollectionEndpoints, New-DCRForTable, New-StandaloneDCR, New-StandaloneDCE, Remove-DataCollectionRule, Remove-DataCollectionEndpoint, Update-DCRTransformation, Add-DCRDataSource, Test-DCRIngestion -Alias lighthouse_list_workspaces, Get-SentinelHealth, Get-SentinelPermission, Test-SentinelRule, new_sentineltable, get_sentineltables, remove_sentineltable, update_tableplan, update_tableretention, View-TableRetention, view_tableretention, get_analyticsrules, get_analyticsruledetails, enable_analyticsrule, disable_analyticsrule, remove_analyticsrule, new_analyticsrule, get_sentinelincidents, show_incidentdetails, close_sentinelincident, Assign-IncidentOwner, assign_incidentowner, add_incidentcomment, get_incidentcomments, get_sentinelworkbooks, get_workbookdetails, remove_sentinelworkbook, export_sentinelworkbook, import_sentinelworkbook, export_allworkbooks, export_analyticsrules, export_automationrules, export_savedqueries, export_tabledata, import_analyticsrules, import_automationrules, import_savedqueries, Import-Functions, get_datacollectionrules, get_datacollectionendpoints, new_dcrfortable, new_standalonedcr, new_standalonedce, remove_datacollectionrule, remove_datacollectionendpoint, update_dcrtransformation, add_dcrdatasource, test_dcringestion
