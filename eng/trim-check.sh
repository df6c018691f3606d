#!/usr/bin/env bash
# Publishes an empty application with every library kept whole and analysed for trimming. Fails at the first warning about code of ours; those of
# EF Core and Npgsql are counted and left to them. The linker and the runtime to link come from the NuGet registry, or from this machine's package
# cache once they have been fetched; without them nothing is checked, and the script fails and says so.
#   eng/trim-check.sh               builds the libraries first
#   eng/trim-check.sh --no-build    takes them as a build with -c Release has left them
set -euo pipefail
cd "$(dirname "$0")/.."
root=$PWD
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1

references=
for project in src/*/*.csproj; do
  name=$(basename "$project" .csproj)
  # Analyzers run in the compiler and tests are not published.
  case "$name" in *.Analyzers* | *.Testing) continue ;; esac
  [ "${1:-}" = --no-build ] || dotnet build "$project" -c Release -v q -nologo
  [ -f "artifacts/bin/$name/release/$name.dll" ] || { printf '%s is not built: run eng/trim-check.sh without --no-build.\n' "$name" >&2; exit 1; }
  references+="<Reference Include=\"$root/artifacts/bin/$name/release/$name.dll\" /><TrimmerRootAssembly Include=\"$name\" />"
  # What it references, as a package of it would bring along.
  references+=$(sed -nE 's/.*<(PackageReference|FrameworkReference) Include="([^"]+)"( \/>|>).*/<\1 Include="\2" \/>/p' "$project" | tr -d '\n')
done

printf '<Project><Import Project="%s/Directory.Packages.props" /></Project>\n' "$root" >"$work/Directory.Packages.props"
cat >"$work/Trimmed.csproj" <<XML
<Project Sdk="Microsoft.NET.Sdk">
  <PropertyGroup>
    <OutputType>Exe</OutputType>
    <TargetFramework>net10.0</TargetFramework>
    <ImplicitUsings>enable</ImplicitUsings>
    <RuntimeIdentifier>linux-x64</RuntimeIdentifier>
    <SelfContained>true</SelfContained>
    <PublishTrimmed>true</PublishTrimmed>
    <TrimmerSingleWarn>false</TrimmerSingleWarn>
    <SuppressTrimAnalysisWarnings>false</SuppressTrimAnalysisWarnings>
    <TreatWarningsAsErrors>false</TreatWarningsAsErrors>
  </PropertyGroup>
  <ItemGroup>$references</ItemGroup>
</Project>
XML
echo 'Console.WriteLine("trimmed");' >"$work/Program.cs"
# A package that two libraries reference is named twice, which is no fault here.
if ! dotnet restore "$work/Trimmed.csproj" -p:NoWarn=NU1504 >"$work/restore.log" 2>&1; then
  cat "$work/restore.log"
  if grep -qE 'NU1301|NU1101|NU1102' "$work/restore.log"; then
    echo "Trimming is NOT CHECKED. It needs the linker (Microsoft.NET.ILLink.Tasks), the runtime to link (Microsoft.NETCore.App.Runtime.linux-x64) and" >&2
    echo "what the libraries reference, all of them packages: from this machine's cache, or else from the NuGet registry, which did not answer with them." >&2
  fi
  exit 1
fi
dotnet publish "$work/Trimmed.csproj" -c Release --no-restore -nologo -p:NoWarn=NU1504 >"$work/publish.log" 2>&1 \
  || { grep -vE 'IL[0-9]{4}' "$work/publish.log"; exit 1; }
# IL2121: a suppression that this tool does not need, and the compiler's analysis, which sees less, does.
grep -E 'warning IL[0-9]{4}' "$work/publish.log" | grep -v 'warning IL2121' | sort -u >"$work/warnings.log" || true
grep -E '/src/FraiseQL|IL[0-9]{4}: (FraiseQL|[A-Za-z.]*\.FraiseQLState)' "$work/warnings.log" >"$work/ours.log" || true
printf 'trim warnings: %s of ours, %s of others\n' "$(wc -l <"$work/ours.log")" "$(($(wc -l <"$work/warnings.log") - $(wc -l <"$work/ours.log")))"
[ ! -s "$work/ours.log" ] || { cat "$work/ours.log"; exit 1; }
